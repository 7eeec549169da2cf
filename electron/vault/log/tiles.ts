import type { ReadNode } from './merkle.ts';

/** C2SP tlog-tiles: tiles of 256 hashes, eight tree levels high, and bundles of 256 entries. */
export const tileWidth = 256;
export type Tile = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** All tiles of a tree of `size` leaves, the partial ones at its right edge included. */
export function* tilesOf(size: number): Iterable<Tile> {
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileWidth)) {
    yield* tilesOfLevel(level, count);
  }
}

/** Entry bundles of a tree of `size` leaves. */
export function entryBundlesOf(size: number): Iterable<Tile> {
  return tilesOfLevel('entries', size);
}

function* tilesOfLevel(level: Tile['level'], count: number): Iterable<Tile> {
  for (let index = 0; index * tileWidth < count; index += 1) {
    yield { level, index, width: Math.min(tileWidth, count - index * tileWidth) };
  }
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last with an `x` before them. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const name = groups
    .map((group, position) => (position < groups.length - 1 ? `x${group}` : group))
    .join('/');
  return `tile/${level}/${name}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The hashes of a tile, one after the other. */
export function tileBytes(tile: Tile & { readonly level: number }, read: ReadNode): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let offset = 0; offset < tile.width; offset += 1) {
    const hash = read(tile.level * 8, tile.index * tileWidth + offset);
    if (hash === null) throw new Error('a tile needs nodes that are not stored');
    hashes.push(hash);
  }
  return Buffer.concat(hashes);
}

/** An entry in a bundle: its length in 16 bits, big-endian, then its bytes. */
export function entryBytes(leaf: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(leaf.byteLength);
  return [length, leaf];
}
