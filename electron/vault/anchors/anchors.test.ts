import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBundleFixture, type BundleFixture } from '../log/bundle-fixture.ts';
import { formatCheckpoint } from '../log/checkpoint.ts';
import { signNote, verifierKeyFor } from '../log/signed-note.ts';
import { checkNewestCheckpoint } from '../log/verify-opened.ts';
import { verifyLog } from '../log/verify-log.ts';
import { readAnchors, writeAnchor } from './anchor-files.ts';
import { checkAnchors, checkpointOpener } from './check-anchors.ts';

let fixture: BundleFixture;
let folder: string;
beforeEach(() => {
  fixture = createBundleFixture();
  folder = mkdtempSync(join(tmpdir(), 'cloister-anchors-'));
});
afterEach(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** As a session does: the checkpoint of this moment leaves the machine. */
function leave(): string {
  const size = fixture.log.size();
  fixture.log.keepCheckpoint(size);
  const note = fixture.reader.checkpoint(size) ?? '';
  writeAnchor(folder, fixture.origin, size, note);
  return note;
}

const keyOf = (seed: Uint8Array): string => verifierKeyFor(fixture.origin, seed);
const check = (notes: readonly string[], seed: Uint8Array = fixture.logSeed) =>
  checkAnchors(fixture.reader, fixture.origin, keyOf(seed), notes);
const isSigned = (note: string): boolean =>
  checkpointOpener(fixture.reader, fixture.origin, fixture.facts().verifierKey)(note) !== null;
const found = (): readonly string[] => readAnchors(folder, fixture.origin, isSigned)?.notes ?? [];

describe('checkpoints that left the machine', () => {
  it('fit the record that goes on', () => {
    fixture.appendCopies(2);
    leave();
    fixture.appendCopies(3);
    leave();
    fixture.appendCopies(1);
    expect(check(found())).toEqual({ matching: 2, newestSize: 6, foreign: 0, problem: null });
  });

  it('do not fit a record whose tree lacks a node, nor does its own newest checkpoint', () => {
    fixture.appendCopies(2);
    leave();
    expect(checkNewestCheckpoint(fixture.reader, fixture.origin, keyOf(fixture.logSeed)).ok).toBe(true);
    fixture.database.execute('DROP TRIGGER tree_nodes_no_delete');
    fixture.database.execute('DELETE FROM tree_nodes');
    expect(check(found()).problem).toEqual({ kind: 'fork', anchorSize: 3 });
    expect(checkNewestCheckpoint(fixture.reader, fixture.origin, keyOf(fixture.logSeed)).ok).toBe(false);
  });

  it('show that a record was set back, which it cannot tell by itself', () => {
    fixture.appendCopies(2);
    // The same installation, further on: what a disk image of yesterday lacks.
    const body = formatCheckpoint({ origin: fixture.origin, size: 9, rootHash: randomBytes(32) });
    const note = signNote(body, fixture.origin, fixture.logSeed);
    const alone = verifyLog(
      fixture.reader,
      { origin: fixture.origin, verifierKey: keyOf(fixture.logSeed) },
      () => undefined,
    );
    expect(alone.consistent).toBe(true);
    expect(check([note]).problem).toEqual({ kind: 'rollback', anchorSize: 9 });
  });

  it('show that a record was written anew by somebody with its keys, which it cannot tell by itself', () => {
    const note = leave();
    // The same keys, another first entry: somebody with all of them has begun again.
    const body = formatCheckpoint({ origin: fixture.origin, size: 1, rootHash: randomBytes(32) });
    fixture.appendCopies(2);
    expect(check([signNote(body, fixture.origin, fixture.logSeed)]).problem).toEqual({
      kind: 'fork',
      anchorSize: 1,
    });
    expect(check([note]).problem).toBeNull();
  });

  it('are still known after the key was changed, by the key of their time', () => {
    const before = leave();
    const next = randomBytes(32);
    fixture.log.rotateKey(next, { actor: fixture.actor, session: fixture.session });
    const after = leave();
    expect(check([before, after], next)).toMatchObject({ matching: 2, foreign: 0, problem: null });
    const body = formatCheckpoint({ origin: fixture.origin, size: 50, rootHash: randomBytes(32) });
    expect(check([signNote(body, fixture.origin, fixture.logSeed)], next).problem?.kind).toBe('rollback');
  });

  it('that no key of the record signed accuse nobody, and are counted', () => {
    const foreign = randomBytes(32);
    const body = formatCheckpoint({ origin: fixture.origin, size: 50, rootHash: randomBytes(32) });
    const otherOrigin = 'cloister.other.example/11111111-1111-4111-8111-111111111111/0';
    const other = formatCheckpoint({ origin: otherOrigin, size: 50, rootHash: randomBytes(32) });
    expect(
      check([
        signNote(body, fixture.origin, foreign),
        signNote(other, fixture.origin, fixture.logSeed),
        'no note at all',
        '',
      ]),
    ).toEqual({ matching: 0, newestSize: null, foreign: 4, problem: null });
  });
});

describe('the folder', () => {
  it('keeps each checkpoint in a file of its own, and none is replaced', () => {
    const note = leave();
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(/^cloister_[0-9a-f-]{36}_0_000000000001\.checkpoint$/),
    ]);
    expect(() => {
      writeAnchor(folder, fixture.origin, 1, 'another');
    }).toThrow('EEXIST');
    expect(found()).toEqual([note]);
  });

  it('is read newest first, and links, folders, large files and those of other records are no notes', () => {
    const first = leave();
    fixture.appendCopies(1);
    const second = leave();
    const name = (size: number): string =>
      (readdirSync(folder)[0] ?? '').replace('000000000001', String(size).padStart(12, '0'));
    symlinkSync('/etc/passwd', join(folder, name(7)));
    mkdirSync(join(folder, name(8)));
    writeFileSync(join(folder, name(9)), 'x'.repeat(5000));
    writeFileSync(join(folder, 'cloister_other_0_000000000001.checkpoint'), first);
    expect(readAnchors(folder, fixture.origin, isSigned)).toEqual({ notes: [second, first], unreadable: 3 });
  });

  it('false files in the name of the record do not hide a true one', () => {
    const genuine = leave();
    const [name = ''] = readdirSync(folder);
    for (let size = 0; size < 150; size += 1)
      writeFileSync(
        join(folder, name.replace('000000000001', `9999999${String(size).padStart(5, '0')}`)),
        'false',
      );
    expect(found()).toContain(genuine);
  });

  it('that is not there is no answer', () => {
    expect(readAnchors(join(folder, 'gone'), fixture.origin, isSigned)).toBeNull();
  });
});
