import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entrySchema } from '../../shared/ids.ts';
import { createBundleFixture, runVerifier, type BundleFixture } from './bundle-fixture.ts';
import { forgeBundle } from './tampering.ts';

/** `--checkpoint`: what an auditor kept of this record finds what a bundle alone cannot tell. All three verifiers. */
let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
});
afterEach(() => {
  fixture.dispose();
});

/** As `log/checkpoint` of an earlier bundle, or a file of the folder for checkpoints. @returns the path of a file */
function kept(name = 'kept.checkpoint'): string {
  const size = fixture.log.size();
  fixture.log.keepCheckpoint(size);
  const path = join(fixture.folder, name);
  writeFileSync(path, fixture.reader.checkpoint(size) ?? '');
  return path;
}
const pinned = (): string => {
  const path = join(fixture.folder, 'pinned.vkey');
  writeFileSync(path, `${fixture.facts().verifierKey}\n`);
  return path;
};
const judged = (bundle: string, checkpoint: string) =>
  runVerifier(bundle, '--key', pinned(), '--checkpoint', checkpoint);

describe('a bundle and a checkpoint that the auditor kept', () => {
  it('fit where the record goes on', async () => {
    const checkpoint = kept();
    fixture.appendCopies(3);
    const { exitCode, out } = judged(await fixture.write('later.zip'), checkpoint);
    expect(exitCode).toBe(0);
    expect(out).toContain('kept         the checkpoint of 3 entries that you gave is part of this record');
  });

  it('show that the record was set back', async () => {
    const before = await fixture.write('before.zip');
    fixture.appendCopies(2);
    const { exitCode, out } = judged(before, kept());
    expect(exitCode).toBe(1);
    expect(out).toContain('it is of 5 entries, and this bundle is of 3: the record was set back');
  });

  it('show that the record was written anew with both keys, which no key alone shows', async () => {
    const checkpoint = kept();
    const leaves = [...fixture.reader.leaves(3)].map(({ bytes }) => Buffer.from(bytes));
    const changed = String(leaves[1]).replace('"seed":7', '"seed":8');
    const forged = join(fixture.folder, 'forged.zip');
    const payloads = [...fixture.reader.payloads(3)];
    const contents = { leaves: leaves.with(1, Buffer.from(changed)), payloads, earlier: [] };
    await forgeBundle(fixture.facts(), contents, forged);
    expect(runVerifier(forged, '--key', pinned()).exitCode).toBe(0);
    const { exitCode, out } = judged(forged, checkpoint);
    expect(exitCode).toBe(1);
    expect(out).toContain(
      'BAD between entries 0 and 2 (the checkpoint that you gave): the record of 3 entries that it signs is not part of this one',
    );
  });

  it.each([
    ['no checkpoint', 'hello', 'it is not a checkpoint'],
    ['a signature of another key', null, 'its signature is not one of the key in keys/log.vkey'],
  ])('are refused where the file holds %s', async (_, text, problem) => {
    const stranger = createBundleFixture();
    const path = join(fixture.folder, 'other.checkpoint');
    writeFileSync(path, text ?? stranger.reader.checkpoint(stranger.log.size()) ?? '');
    stranger.dispose();
    const { exitCode, out } = judged(await fixture.write('whole.zip'), path);
    expect(exitCode).toBe(1);
    expect(out).toContain(problem);
  });

  it('can be compared for an extract where it is about that checkpoint, or continues it', async () => {
    const older = kept('older.checkpoint');
    fixture.appendCopies(2);
    const own = kept();
    const selection = { by: 'entries', from: entrySchema.parse(1), to: entrySchema.parse(2) } as const;
    const extract = await fixture.write('extract.zip', { selection });
    expect(judged(extract, own).exitCode).toBe(0);
    fixture.log.keepCheckpoint(5);
    fixture.appendCopies(2);
    const next = await fixture.write('next.zip', { selection });
    // The extract continues the one before, whose checkpoint this is.
    expect(judged(next, own).exitCode).toBe(0);
    const { exitCode, out } = judged(next, older);
    expect(exitCode).toBe(1);
    expect(out).toContain(
      'an extract is compared with the checkpoint of its own 7 entries, or with the one in consistency.txt, only',
    );
  });
});
