import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createBundleFixture,
  publicKeyOfLog,
  runVerifier,
  type BundleFixture,
} from './log/bundle-fixture.ts';
import { logKeyFingerprint } from './log/log-key.ts';
import { workerMessageSchema, type WorkerMessage, type WorkerTask } from './worker/worker-contract.ts';

const canMount = tryMount();

let fixture: BundleFixture;
let target: string;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  target = join(fixture.folder, 'target');
  mkdirSync(target);
});
afterEach(() => {
  fixture.dispose();
});

/** Runs the real worker thread. @returns all that it said, in order */
function run(task: WorkerTask): Promise<readonly WorkerMessage[]> {
  return new Promise((done, fail) => {
    const messages: WorkerMessage[] = [];
    const worker = new Worker(resolve(import.meta.dirname, 'vault-worker.ts'), { workerData: task });
    worker.on('message', (message) => messages.push(workerMessageSchema.parse(message)));
    worker.on('error', fail);
    worker.on('exit', () => {
      done(messages);
    });
  });
}

function verifyTask(): Extract<WorkerTask, { kind: 'verify' }> {
  const { databasePath, dek, origin, verifierKey } = session();
  return { kind: 'verify', databasePath, dek, origin, verifierKey };
}

function exportTask(
  path: string,
  recipients: readonly string[] = [],
  cancelled = new SharedArrayBuffer(4),
): WorkerTask {
  const { logSeed, ...rest } = fixture.facts();
  return {
    ...rest,
    kind: 'export',
    ...session(),
    logSeed: Uint8Array.from(logSeed),
    path,
    unfinishedPath: `${path}.part`,
    recipients: [...recipients],
    cancelled,
    versions: { electron: '42.0.0' },
  };
}

function session() {
  const { origin, verifierKey } = fixture.facts();
  return { databasePath: fixture.path, dek: Uint8Array.from(fixture.dek), origin, verifierKey };
}

describe('the worker', () => {
  it('verifies the record and ends with its finding', async () => {
    expect((await run(verifyTask())).at(-1)).toEqual({
      kind: 'verified',
      verification: {
        consistent: true,
        treeSize: 3,
        rootHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        keyFingerprint: logKeyFingerprint(publicKeyOfLog(fixture)),
        payloadsChecked: 4,
        firstBadEntry: null,
        problem: null,
        elapsedMs: expect.any(Number),
      },
    });
  });

  it('writes a bundle that the stand-alone verifier accepts, and leaves nothing else beside it', async () => {
    const path = join(target, 'bundle.zip');
    const messages = await run(exportTask(path));
    expect(messages.at(-1)).toEqual({
      kind: 'exported',
      summary: {
        fileName: 'bundle.zip',
        sizeBytes: readFileSync(path).length,
        records: 3,
        treeSize: 3,
        clinicalText: 'included',
        encrypted: false,
        keyFingerprint: logKeyFingerprint(publicKeyOfLog(fixture)),
        elapsedMs: expect.any(Number),
      },
    });
    const fractions = messages.flatMap((message) => (message.kind === 'progress' ? [message.fraction] : []));
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(runVerifier(path).exitCode).toBe(0);
    expect(readdirSync(target)).toEqual(['bundle.zip']);
  });

  it('replaces an older bundle of the same name as a whole', async () => {
    const path = join(target, 'bundle.zip');
    writeFileSync(path, 'older');
    await run(exportTask(path));
    expect(runVerifier(path).exitCode).toBe(0);
  });

  it('that is told to stop leaves nothing behind, and says that it did', async () => {
    const cancelled = new SharedArrayBuffer(4);
    new Int32Array(cancelled).fill(1);
    const messages = await run(exportTask(join(target, 'bundle.zip'), [], cancelled));
    expect(messages.at(-1)).toEqual({ kind: 'cancelled' });
    expect(readdirSync(target)).toEqual([]);
  });

  it('says that a folder is gone, and leaves nothing behind', async () => {
    rmSync(target, { recursive: true });
    const last = (await run(exportTask(join(target, 'bundle.zip')))).at(-1);
    expect(last).toMatchObject({
      kind: 'failed',
      error: { code: 'export-failed', message: expect.stringContaining('could not be written') },
    });
    expect(existsSync(target)).toBe(false);
  });

  it('takes its unfinished file away when the last step fails', async () => {
    const folder = join(target, 'bundle.zip');
    mkdirSync(folder);
    const last = (await run(exportTask(folder))).at(-1);
    expect(last).toMatchObject({ kind: 'failed', error: { code: 'export-failed' } });
    expect([readdirSync(target), readdirSync(folder)]).toEqual([['bundle.zip'], []]);
  });

  it.runIf(canMount)('says that the disk is full, and leaves nothing behind', async () => {
    fixture.appendCopies(30);
    expect(mountTinyDisk(target)).toBe(true);
    try {
      const last = (await run(exportTask(join(target, 'bundle.zip')))).at(-1);
      expect(last).toMatchObject({
        kind: 'failed',
        error: { code: 'export-failed', message: expect.stringContaining('no room for the bundle') },
      });
      expect(readdirSync(target)).toEqual([]);
    } finally {
      unmount(target);
    }
  });

  it('looks through the whole file, and finds a damaged page wherever it lies', async () => {
    const { databasePath, dek } = session();
    const copy = join(target, 'copy.db');
    fixture.appendCopies(300);
    fixture.database.raw.pragma('wal_checkpoint(TRUNCATE)');
    copyFileSync(databasePath, copy);
    const check = async () =>
      (await run({ kind: 'check-file', databasePath: copy, dek: Uint8Array.from(dek) })).at(-1);
    expect(await check()).toEqual({ kind: 'file-checked', whole: true });
    const bytes = readFileSync(copy);
    expect(bytes.byteLength).toBeGreaterThan(40 * 4096);
    bytes.fill(0x5a, bytes.byteLength - 3 * 4096 + 100, bytes.byteLength - 3 * 4096 + 200);
    writeFileSync(copy, bytes);
    expect(await check()).toEqual({ kind: 'file-checked', whole: false });
  });

  it('ends with a sentence when its key does not open the record', async () => {
    const last = (await run({ ...verifyTask(), dek: new Uint8Array(32) })).at(-1);
    expect(last).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('Nothing was changed') },
    });
  });
});

function mountTinyDisk(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', folder]).status === 0;
}

function unmount(folder: string): boolean {
  return spawnSync('umount', ['--lazy', folder]).status === 0;
}

/** Only root on Linux has a disk that it can fill. */
function tryMount(): boolean {
  if (process.platform !== 'linux') return false;
  const folder = mkdtempSync(join(tmpdir(), 'cloister-mount-'));
  const works = mountTinyDisk(folder) && unmount(folder);
  rmdirSync(folder);
  return works;
}
