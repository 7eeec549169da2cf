import { describe, expect, it } from 'vitest';
import { entryBundlesOf, entryBytes, tileBytes, tilePath, tilesOf } from './tiles.ts';

describe('the paths of the specification (C2SP tlog-tiles)', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 999, 256, 'tile/0/999'],
    [0, 1000, 256, 'tile/0/x001/000'],
    [1, 1_234_067, 256, 'tile/1/x001/x234/067'],
    [0, 273, 112, 'tile/0/273.p/112'],
    [2, 1_234_067, 8, 'tile/2/x001/x234/067.p/8'],
  ])('level %d, tile %d, %d wide', (level, index, width, path) => {
    expect(tilePath({ level, index, width })).toBe(path);
  });

  it('the bundles of entries stand beside the tiles', () => {
    expect(tilePath({ level: 'entries', index: 1, width: 256 })).toBe('tile/entries/001');
  });
});

describe('the tiles of a tree', () => {
  it('of 70,000 leaves are those of the specification’s example', () => {
    const paths = [...tilesOf(70_000)].map(tilePath);
    expect(paths).toHaveLength(273 + 1 + 1 + 1 + 1);
    expect(paths.slice(271)).toEqual([
      'tile/0/271',
      'tile/0/272',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
  });

  it.each([
    [0, []],
    [1, ['tile/0/000.p/1']],
    [255, ['tile/0/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
  ])('of %d leaves', (size, paths) => {
    expect([...tilesOf(size)].map(tilePath)).toEqual(paths);
    expect([...entryBundlesOf(size)].map(tilePath)).toEqual(
      paths.filter((path) => path.startsWith('tile/0/')).map((path) => path.replace('/0/', '/entries/')),
    );
  });

  it('hold the nodes eight levels up', () => {
    const read = (level: number, index: number) => Buffer.alloc(32, level * 16 + index);
    expect(tileBytes({ level: 1, index: 0, width: 2 }, read)).toEqual(
      Buffer.concat([Buffer.alloc(32, 128), Buffer.alloc(32, 129)]),
    );
    expect(() => tileBytes({ level: 0, index: 0, width: 1 }, () => null)).toThrow('not stored');
  });
});

it('an entry begins with its length in two bytes, and no longer one fits', () => {
  expect(Buffer.concat(entryBytes(Buffer.from('abc')))).toEqual(Buffer.from('\0\u0003abc'));
  expect(entryBytes(Buffer.alloc(65_535))[0]).toEqual(Buffer.from([0xff, 0xff]));
  expect(() => entryBytes(Buffer.alloc(65_536))).toThrow(RangeError);
});
