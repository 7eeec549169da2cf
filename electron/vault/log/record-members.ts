import { linesMember, textMember, type Member } from './bundle-zip.ts';
import { canonicalText } from './canonical-json.ts';
import { rotationsAmong, type PlacedRotation } from './key-rotation.ts';
import type { LeafEnvelope } from './leaf.ts';
import type { LogReader } from './log-reader.ts';
import { formatVerifierKey } from './signed-note.ts';
import { entryBundlesOf, entryBytes, tileBytes, tilePath, tilesOf, tileWidth, type Tile } from './tiles.ts';

/** A whole record in a bundle: the one in use, or one that it continues. */
export type RecordFacts = {
  readonly origin: string;
  readonly verifierKey: string;
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
};

/**
 * All that proves a record by itself, but for `keys/log.vkey` and `log/checkpoint`.
 * @param told the leaves of `log.key-rotated` at least
 */
export function recordMembers(
  facts: RecordFacts,
  reader: LogReader,
  told: readonly LeafEnvelope[],
): readonly Member[] {
  const { origin, size } = facts;
  const earlier = reader.keptCheckpoints().filter((kept) => kept.size < size);
  const changes = rotationsAmong(told);
  const read = (level: number, position: number): Uint8Array | null => reader.readNode(level, position);
  return [
    ...(changes.length > 0 ? [textMember('keys/earlier.vkeys', earlierKeys(origin, changes))] : []),
    // A signed note ends with a newline and holds an empty line; a line of dashes can stand in none of ours.
    textMember('checkpoints.txt', earlier.map(({ note }) => `${note}----\n`).join('')),
    ...[...tilesOf(size)].flatMap(({ level, index, width }) =>
      level === 'entries'
        ? []
        : [
            {
              name: `log/${tilePath({ level, index, width })}`,
              bytes: () => [tileBytes({ level, index, width }, read)],
              pieces: 1,
            },
          ],
    ),
    ...[...entryBundlesOf(size)].map((tile) => ({
      name: `log/${tilePath(tile)}`,
      bytes: () => entriesOf(tile, reader),
      pieces: tile.width,
    })),
    ...leafMembers(facts, reader, size),
  ];
}

/** The leaves that `reader` shows, and their texts where they are included. */
export function leafMembers(
  { size, clinicalText }: RecordFacts,
  reader: LogReader,
  records: number,
): readonly Member[] {
  const events = linesMember(
    'events.jsonl',
    records,
    () => reader.leaves(size),
    ({ bytes }) => bytes,
  );
  if (clinicalText === 'withheld') return [events];
  const payloads = linesMember(
    'payloads.jsonl',
    records,
    () => reader.payloads(size),
    ({ index, field, salt, text }) =>
      Buffer.from(canonicalText({ index, field, salt: Buffer.from(salt).toString('base64'), text })),
  );
  return [events, payloads];
}

function earlierKeys(origin: string, changes: readonly PlacedRotation[]): string {
  return changes
    .map(({ rotation }) => `${formatVerifierKey(origin, Buffer.from(rotation.oldKeyPublic, 'base64'))}\n`)
    .join('');
}

function* entriesOf(tile: Tile, reader: LogReader): Iterable<Uint8Array> {
  const from = tile.index * tileWidth;
  let next = from;
  for (const { index, bytes } of reader.leaves(from + tile.width, from)) {
    if (index !== next) throw new Error('a leaf is missing');
    yield* entryBytes(bytes);
    next += 1;
  }
  if (next !== from + tile.width) throw new Error('a leaf is missing');
}
