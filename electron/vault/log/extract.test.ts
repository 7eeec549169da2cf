import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entrySchema } from '../../shared/ids.ts';
import { writeBundle } from './bundle.ts';
import { createBundleFixture, publicKeyOfLog, runVerifier } from './bundle-fixture.ts';
import { createExtractFixture, type ExtractFixture } from './extract-fixture.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { logKeyFingerprint } from './log-key.ts';
import { createRotatedLog } from './rotated-log-fixture.ts';
import type { Selection } from './selection.ts';

let fixture: ExtractFixture;
beforeEach(() => {
  fixture = createExtractFixture();
});
afterEach(() => {
  fixture.dispose();
});

function unpack(zip: string): string {
  const folder = join(fixture.folder, basename(zip, '.zip'));
  mkdirSync(folder);
  expect(spawnSync('unzip', ['-q', zip, '-d', folder]).status).toBe(0);
  return folder;
}

const range = (from: number, to: number): Selection => ({
  by: 'entries',
  from: entrySchema.parse(from),
  to: entrySchema.parse(to),
});

function leavesIn(folder: string): readonly LeafEnvelope[] {
  const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => leafEnvelopeSchema.parse(JSON.parse(line)));
}

function verified(path: string): unknown {
  const key = join(fixture.folder, 'fingerprint');
  writeFileSync(key, `${logKeyFingerprint(publicKeyOfLog(fixture))}\n`);
  return JSON.parse(runVerifier(path, '--json', '--key', key).out);
}

describe('an extract', () => {
  it('by patient holds the leaves and texts of that patient, and of nobody else a single byte', async () => {
    const { ada, bob } = fixture;
    const zip = await fixture.write('ada.zip', { selection: { by: 'patient', patient: ada } });
    const folder = unpack(zip);
    expect(leavesIn(folder).map(({ seq }) => seq)).toEqual([3, 5, 8]);
    const bytes = readFileSync(zip);
    const others = [...fixture.reader.leaves(9)].flatMap(({ index, bytes: leaf }) => {
      const { patient, texts } = leafEnvelopeSchema.parse(JSON.parse(String(leaf)));
      if (patient === ada) return [];
      const stored = fixture.reader.payloadsOf(index);
      const secrets = stored.flatMap(({ text, salt }) => [text, Buffer.from(salt).toString('base64')]);
      return [String(leaf), ...Object.values(texts), ...secrets];
    });
    expect(others.length).toBeGreaterThan(15);
    expect([bob, ...others].filter((text) => bytes.includes(text))).toEqual([]);
    expect(
      ['text of ada one', 'text of ada two', 'text of ada three', ada].map((text) => bytes.includes(text)),
    ).not.toContain(false);
    expect(verified(zip)).toMatchObject({
      ok: true,
      kind: 'extract',
      authenticated: true,
      treeSize: 9,
      records: 3,
      selection: { by: 'patient', patient: ada },
      clinicalText: 'included',
      payloads: 3,
      from: '2026-11-23T09:00:01.000Z',
      to: '2026-11-23T09:00:06.000Z',
    });
  });

  it('without text holds none of it, and verifies still', async () => {
    const zip = await fixture.write('ada.zip', {
      selection: { by: 'patient', patient: fixture.ada },
      clinicalText: 'withheld',
    });
    expect(readFileSync(zip).includes('made-up text')).toBe(false);
    expect(verified(zip)).toMatchObject({ ok: true, records: 3, payloads: null });
  });

  it('by user holds what that user did', async () => {
    const folder = unpack(
      await fixture.write('user.zip', { selection: { by: 'user', user: fixture.other } }),
    );
    expect(leavesIn(folder).map(({ seq }) => seq)).toEqual([5]);
    expect(verified(folder)).toMatchObject({ ok: true, records: 1, payloads: 1 });
  });

  it('by time holds the leaves from its beginning on and before its end', async () => {
    const selection = {
      by: 'time',
      from: '2026-11-23T09:00:02.000Z',
      to: '2026-11-23T09:00:04.000Z',
    } as const;
    const folder = unpack(await fixture.write('time.zip', { selection }));
    expect(leavesIn(folder).map(({ seq }) => seq)).toEqual([4, 5]);
    expect(verified(folder)).toMatchObject({ ok: true, records: 2, selection });
  });

  it('by entries holds all of the range, at the edges of tiles', async () => {
    fixture.appendCopies(592);
    for (const [from, to] of [
      [0, 0],
      [254, 258],
      [510, 513],
      [600, 600],
    ] as const) {
      const zip = await fixture.write(`from-${from}.zip`, { selection: range(from, to) });
      expect(verified(zip)).toMatchObject({ ok: true, treeSize: 601, records: to - from + 1 });
    }
  });

  it('of the smallest records verifies, one entry alone without any hash', async () => {
    const small = createBundleFixture();
    try {
      for (let size = 1; size < 6; size += 1) {
        const zip = await small.write(`${size}.zip`, { selection: range(size - 1, size - 1) });
        expect(JSON.parse(runVerifier(zip, '--json').out)).toMatchObject({ ok: true, treeSize: size });
        small.appendCopies(1);
      }
    } finally {
      small.dispose();
    }
  });

  it('says in plain words that it does not list all, in its README and by each verifier', async () => {
    const zip = await fixture.write('ada.zip', { selection: { by: 'patient', patient: fixture.ada } });
    const readme = readFileSync(join(unpack(zip), 'README.txt'), 'utf8');
    expect(readme).toContain('THIS IS NOT THE WHOLE RECORD');
    expect(readme).toContain('3 of its 9 entries');
    expect(readme).toMatch(/does NOT prove that it lists\nall of them/);
    expect(runVerifier(zip).out).toContain(
      `EXTRACT      3 of 9 entries: about patient ${fixture.ada}\n  proven       each of them is in the record, at its place\n  NOT proven   that these are all of them`,
    );
  });

  it('is accepted by public tools with the literal commands of its README', async () => {
    const zip = await fixture.write('ada.zip', { selection: { by: 'patient', patient: fixture.ada } });
    const readme = spawnSync('unzip', ['-p', zip, 'README.txt'], { encoding: 'utf8' }).stdout;
    const commands = readme
      .split('\n')
      .filter((line) => line.startsWith('    ') && !line.includes('verify.mjs'))
      .map((line) => line.trim());
    expect(commands).toHaveLength(5);
    const script = commands.join('\n').replaceAll('THIS-BUNDLE', 'ada');
    const run = spawnSync('bash', ['--norc', '-euc', script], { cwd: fixture.folder, encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    expect(run.stdout).toContain('Good "cloister-audit-bundle" signature for cloister-log');
  });

  it('is the same bytes when it is made again', async () => {
    const selection = { by: 'patient', patient: fixture.ada } as const;
    const first = readFileSync(await fixture.write('first.zip', { selection }));
    expect(readFileSync(await fixture.write('again.zip', { selection })).equals(first)).toBe(true);
  });

  it('of a record whose key was changed is checked by the newest key alone, and says so', async () => {
    const rotated = createRotatedLog();
    try {
      const path = join(rotated.folder, 'extract.zip');
      await writeBundle(
        { ...rotated.facts(), selection: range(4, 7) },
        rotated.reader,
        path,
        () => undefined,
      );
      const { first, third } = rotated.seeds;
      expect(runVerifier(path, '--key', rotated.fingerprintFile(third)).exitCode).toBe(0);
      expect(
        JSON.parse(runVerifier(path, '--json', '--key', rotated.fingerprintFile(first)).out),
      ).toMatchObject({ ok: false, file: 'keys/log.vkey' });
      const readme = spawnSync('unzip', ['-p', path, 'README.txt'], { encoding: 'utf8' }).stdout;
      expect(readme).toContain('The key that signs this record was changed before.');
    } finally {
      rotated.dispose();
    }
  });

  it('says which of its entries are emergency access, and that one person keeps the record', async () => {
    const { actor, session, bob } = fixture;
    const user = fixture.other;
    fixture.log.append({
      actor,
      session,
      patient: null,
      type: 'user.created',
      outcome: 'success',
      data: { user, role: 'sole-practitioner' },
      texts: { displayName: 'Made-up Sole' },
    });
    fixture.log.append({
      actor,
      session,
      patient: bob,
      type: 'record.break-glass',
      outcome: 'attention',
      data: { entries: 2 },
      texts: { reason: 'made-up: found unconscious' },
    });
    const zip = await fixture.write('bob.zip', { selection: { by: 'patient', patient: bob } });
    expect(verified(zip)).toMatchObject({
      ok: true,
      records: 3,
      emergencyAccess: [10],
      solePractitioner: true,
    });
    expect(readFileSync(join(unpack(zip), 'README.txt'), 'utf8')).toContain(
      "Emergency   access to another's records: entries 10\nKept by     ONE PERSON",
    );
  });
});
