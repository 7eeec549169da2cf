import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { writeBundle } from './bundle.ts';
import { createBundleFixture, publicKeyOfLog, runVerifier, type BundleFixture } from './bundle-fixture.ts';
import { logKeyFingerprint } from './log-key.ts';

let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.log.keepCheckpoint(3);
  fixture.appendCopies(4);
});
afterEach(() => {
  fixture.dispose();
});

function unpack(zip: string): string {
  const folder = join(fixture.folder, `${basename(zip, '.zip')}-unpacked`);
  mkdirSync(folder);
  expect(spawnSync('unzip', ['-q', zip, '-d', folder]).status).toBe(0);
  return folder;
}

describe('a bundle', () => {
  it('is the same bytes when the same log is exported again', async () => {
    const first = readFileSync(await fixture.write('first.zip'));
    const again = readFileSync(await fixture.write('again.zip'));
    expect(again.equals(first)).toBe(true);
  });

  it('is accepted by public tools with the literal commands of its README', async () => {
    const zip = await fixture.write('bundle.zip');
    const folder = join(fixture.folder, 'bundle');
    const readme = spawnSync('unzip', ['-p', zip, 'README.txt'], { encoding: 'utf8' }).stdout;
    const commands = readme
      .split('\n')
      .filter((line) => line.startsWith('    ') && !line.includes('verify.mjs'))
      .map((line) => line.trim());
    expect(commands.map((command) => command.split(' ')[0])).toEqual([
      'unzip',
      'cd',
      'ssh-keygen',
      'sha256sum',
      'ssh-keygen',
    ]);
    const script = commands.join('\n').replaceAll('THIS-BUNDLE', basename(folder));
    const run = spawnSync('bash', ['--norc', '-euc', script], { cwd: fixture.folder, encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    expect(run.stdout).toContain(`256 ${logKeyFingerprint(publicKeyOfLog(fixture))} `);
    expect(run.stdout).toContain('Good "cloister-audit-bundle" signature for cloister-log');
    expect(readme).toContain(logKeyFingerprint(publicKeyOfLog(fixture)));
  });

  it('is authenticated by the stand-alone verifier with a fingerprint, a key line or what ssh-keygen prints', async () => {
    const zip = await fixture.write('bundle.zip');
    const fingerprint = logKeyFingerprint(publicKeyOfLog(fixture));
    for (const key of [fingerprint, fixture.facts().verifierKey, `256 ${fingerprint} no comment (ED25519)`]) {
      const file = join(fixture.folder, 'trusted-key');
      writeFileSync(file, `${key}\n`);
      const run = runVerifier(zip, '--key', file);
      expect({ key, ...run }).toEqual({ key, exitCode: 0, out: run.out, problems: '' });
      expect(run.out).toMatch(/^AUTHENTICATED: signed by the key you gave/);
    }
  });

  it('is called consistent and not authenticated where no key was given', async () => {
    const run = runVerifier(await fixture.write('bundle.zip'));
    expect(run.exitCode).toBe(0);
    expect(run.out).toMatch(/^consistent, NOT authenticated: no key was given/);
    expect(run.out).not.toMatch(/^AUTHENTICATED/m);
  });

  it('verifies unpacked as it does packed', async () => {
    const zip = await fixture.write('bundle.zip');
    expect(runVerifier(unpack(zip), '--json')).toEqual(runVerifier(zip, '--json'));
  });

  it('with the text withheld holds no word of it and verifies still', async () => {
    const zip = await fixture.write('withheld.zip', { clinicalText: 'withheld' });
    const bytes = readFileSync(zip);
    expect([
      bytes.includes('Made-up note'),
      bytes.includes('made-up answer'),
      bytes.includes('copy 1'),
    ]).toEqual([false, false, false]);
    expect(JSON.parse(runVerifier(zip, '--json').out)).toMatchObject({
      ok: true,
      treeSize: 7,
      clinicalText: 'withheld',
      payloads: null,
    });
  });

  it('counts what it checked', async () => {
    const zip = await fixture.write('bundle.zip');
    expect(JSON.parse(runVerifier(zip, '--json').out)).toMatchObject({
      ok: true,
      origin: fixture.origin,
      treeSize: 7,
      keyFingerprint: logKeyFingerprint(publicKeyOfLog(fixture)),
      authenticated: false,
      clinicalText: 'included',
      payloads: 8,
      earlierCheckpoints: 1,
      openRequests: [],
      from: '2026-11-23T09:00:00.000Z',
      to: '2026-11-23T09:00:04.000Z',
    });
  });

  it('of more leaves than one tile verifies, and names its previous checkpoint', async () => {
    fixture.appendCopies(590);
    fixture.log.keepCheckpoint(597);
    fixture.appendCopies(3);
    const folder = unpack(await fixture.write('long.zip'));
    expect(JSON.parse(runVerifier(folder, '--json').out)).toMatchObject({
      ok: true,
      treeSize: 600,
      earlierCheckpoints: 2,
    });
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ treeSize: 600, previousCheckpoint: fixture.reader.checkpoint(597) });
    expect(readFileSync(join(folder, 'log/tile/1/000.p/2'))).toHaveLength(64);
  });

  it('says each emergency access, which of them is new, and that one person keeps and uses the record', async () => {
    const from = { actor: fixture.actor, session: fixture.session, patient: null };
    const breakGlass = () =>
      fixture.log.append({
        ...from,
        type: 'record.break-glass',
        outcome: 'attention',
        data: { entries: 3 },
        texts: { reason: 'made-up: found unconscious' },
      }).seq;
    const plain = await fixture.write('plain.zip');
    const old = breakGlass();
    fixture.log.keepCheckpoint(old + 1);
    fixture.log.append({
      ...from,
      type: 'user.created',
      outcome: 'success',
      data: { user: userIdSchema.parse(randomUUID()), role: 'sole-practitioner' },
      texts: { displayName: 'Made-up Sole' },
    });
    const fresh = breakGlass();
    const folder = unpack(await fixture.write('stands-out.zip'));
    expect(JSON.parse(runVerifier(folder, '--json').out)).toMatchObject({
      ok: true,
      emergencyAccess: [old, fresh],
      newEmergencyAccess: [fresh],
      solePractitioner: true,
    });
    const readme = readFileSync(join(folder, 'README.txt'), 'utf8');
    expect(readme).toContain(`access to another's records: 2 entries, 1 of them new: ${fresh}\n`);
    expect(readme).toContain('ONE PERSON');
    expect(runVerifier(folder).out).toContain('ONE PERSON');
    const before = readFileSync(join(unpack(plain), 'README.txt'), 'utf8');
    expect(before).toContain("access to another's records: 0 entries, 0 of them new\n");
    expect(before).not.toContain('ONE PERSON');
  });

  it('of an earlier size holds the leaves up to it and no later text', async () => {
    const zip = await fixture.write('earlier.zip', { size: 3 });
    expect(JSON.parse(runVerifier(zip, '--json').out)).toMatchObject({
      ok: true,
      treeSize: 3,
      payloads: 4,
      earlierCheckpoints: 0,
    });
  });
});

describe('a bundle that cannot be written to its end', () => {
  it('ends with the failure of the read, and leaves the database free to close', async () => {
    const path = join(fixture.folder, 'unread.zip');
    function* payloads(size: number) {
      for (const payload of fixture.reader.payloads(size)) {
        if (payload.index === 4) throw new Error('the disk is gone');
        yield payload;
      }
    }
    const writing = writeBundle(fixture.facts(), { ...fixture.reader, payloads }, path, () => undefined);
    await expect(writing).rejects.toThrow('the disk is gone');
    expect(() => fixture.database.raw.exec('BEGIN; ROLLBACK')).not.toThrow();
  });

  it('ends with the failure of the disk, and leaves the database free to close', async () => {
    const path = join(fixture.folder, 'unwritten.zip');
    // Long enough that some are still unread when the first do not fit.
    function* payloads(size: number) {
      for (const payload of fixture.reader.payloads(size)) yield { ...payload, text: 'x'.repeat(200_000) };
    }
    // A file of this process can grow to 300 kB only: the disk is full in the middle of the texts.
    const limitFileSize = (bytes: string): void => {
      const run = spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${bytes}:`]);
      expect(run.status).toBe(0);
    };
    const writing = writeBundle(fixture.facts(), { ...fixture.reader, payloads }, path, (fraction) => {
      if (fraction === 0.5) limitFileSize('300000');
    });
    await writing.then(
      () => expect.unreachable(),
      (cause: unknown) => {
        // Asked in the same turn: nothing may still be closing behind the promise.
        expect(() => fixture.database.raw.exec('BEGIN; ROLLBACK')).not.toThrow();
        limitFileSize('unlimited');
        expect(cause).toMatchObject({ code: 'EFBIG' });
      },
    );
  });

  it('does not touch a file that stands at its place', async () => {
    const path = join(fixture.folder, 'taken.zip');
    writeFileSync(path, 'somebody’s own file');
    await expect(writeBundle(fixture.facts(), fixture.reader, path, () => undefined)).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(readFileSync(path, 'utf8')).toBe('somebody’s own file');
  });
});

describe('wrong use of the verifier', () => {
  it('is told apart from a bad bundle', async () => {
    const zip = await fixture.write('bundle.zip');
    const noKey = join(fixture.folder, 'no-key');
    writeFileSync(noKey, 'not a key\n');
    const uses = [
      [],
      [zip, zip],
      [zip, '--wrong'],
      [zip, '--key'],
      [join(fixture.folder, 'absent.zip')],
      [zip, '--key', noKey],
    ];
    expect(uses.map((words) => runVerifier(...words).exitCode)).toEqual(uses.map(() => 2));
  });
});
