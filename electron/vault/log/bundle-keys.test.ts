import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBundleFixture, runVerifier } from './bundle-fixture.ts';
import { publicKeyOf } from './ed25519.ts';
import { logKeyFingerprint } from './log-key.ts';
import { createRotatedLog, type RotatedLog } from './rotated-log-fixture.ts';
import { verifierKeyFor } from './signed-note.ts';
import { allowedSignersLine } from './sshsig.ts';
import {
  flipBit,
  readUnpacked,
  recomputeSums,
  signSums,
  writeUnpacked,
  type UnpackedBundle,
} from './tampering.ts';

let log: RotatedLog;
let zip: string;
let members: UnpackedBundle;
beforeEach(async () => {
  log = createRotatedLog();
  zip = await log.write('bundle.zip');
  members = unpacked(zip, log.folder);
});
afterEach(() => {
  log.dispose();
});

function unpacked(path: string, folder: string): UnpackedBundle {
  const target = join(folder, 'original');
  mkdirSync(target);
  expect(spawnSync('unzip', ['-q', path, '-d', target]).status).toBe(0);
  return readUnpacked(target);
}

/** What the verifier names, with the first key as the trusted one unless told otherwise. */
function found(seed: Uint8Array = log.seeds.first): unknown {
  const folder = join(log.folder, randomUUID());
  writeUnpacked(members, folder);
  const finding: unknown = JSON.parse(runVerifier(folder, '--json', '--key', log.fingerprintFile(seed)).out);
  return finding;
}

/** Makes list and signature fit, as the holder of the newest key can. */
function sign(): void {
  recomputeSums(members);
  signSums(members, log.seeds.third);
}

const file = 'keys/earlier.vkeys';
const lineOf = (seed: Uint8Array): string => `${verifierKeyFor(log.origin, seed)}\n`;

describe('the bundle of a record whose key was changed', () => {
  it('holds the newest key for the public tools, and those of before beside it', () => {
    const { first, second, third } = log.seeds;
    const keys = ['keys/log.vkey', 'keys/allowed_signers', file].map((name) => String(members.get(name)));
    expect(keys).toEqual([
      lineOf(third),
      allowedSignersLine(publicKeyOf(third)),
      lineOf(first) + lineOf(second),
    ]);
  });

  it('is accepted by ssh-keygen and sha256sum with the literal commands of its README', () => {
    const readme = String(members.get('README.txt'));
    const commands = readme
      .split('\n')
      .filter((line) => line.startsWith('    ') && !line.includes('verify.mjs'))
      .map((line) => line.trim());
    const script = commands.join('\n').replaceAll('THIS-BUNDLE', basename(zip, '.zip'));
    const run = spawnSync('bash', ['--norc', '-euc', script], { cwd: log.folder, encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    expect(run.stdout).toContain(`256 ${logKeyFingerprint(publicKeyOf(log.seeds.third))} `);
    expect(run.stdout).toContain('Good "cloister-audit-bundle" signature for cloister-log');
  });

  it('tells in its README which keys signed before, and until when', () => {
    const head = String(members.get('README.txt')).split('\n').slice(5, 9);
    const [first, second, third] = Object.values(log.seeds).map((seed) =>
      logKeyFingerprint(publicKeyOf(seed)),
    );
    expect(head).toEqual([
      `Signed by   ${third}`,
      `Before      ${first}, until entry 3 changed the key`,
      `Before      ${second}, until entry 6 changed the key`,
      expect.stringContaining('Emergency'),
    ]);
  });

  it('is the same bytes when it is exported again', async () => {
    expect(readFileSync(await log.write('again.zip')).equals(readFileSync(zip))).toBe(true);
  });

  it('has no list of earlier keys where there are none, and is refused with an empty one', async () => {
    const plain = createBundleFixture();
    try {
      members = unpacked(await plain.write('plain.zip'), plain.folder);
      expect([...members.keys()].filter((name) => name.startsWith('keys/'))).toEqual([
        'keys/allowed_signers',
        'keys/log.vkey',
      ]);
      members.set(file, Buffer.alloc(0));
      recomputeSums(members);
      signSums(members, plain.logSeed);
      expect(found(plain.logSeed)).toEqual({ ok: false, file, problem: 'it lists no key' });
    } finally {
      plain.dispose();
    }
  });
});

describe('AC-09 the list of earlier keys', () => {
  const wrong = { ok: false, file, problem: 'it does not list the earlier keys that the entries name' };

  it('with a flipped bit is refused', () => {
    flipBit(members, file);
    expect(found(log.seeds.third)).toMatchObject({ ok: false, file });
  });

  it('in another order is refused even where it is signed', () => {
    members.set(file, Buffer.from(lineOf(log.seeds.second) + lineOf(log.seeds.first)));
    sign();
    expect(found()).toEqual(wrong);
  });

  it('with a key that the record never had is refused, above all for the auditor who holds that one', () => {
    const foreign = randomBytes(32);
    members.set(file, Buffer.from(`${String(members.get(file))}${lineOf(foreign)}`));
    sign();
    expect([found(), found(foreign)]).toEqual([wrong, wrong]);
  });

  it('left out is missed', () => {
    members.delete(file);
    sign();
    expect(found(log.seeds.third)).toMatchObject({ ok: false, file: 'checkpoints.txt' });
    members.set('checkpoints.txt', Buffer.alloc(0));
    sign();
    expect(found(log.seeds.third)).toEqual(wrong);
    expect(found()).toMatchObject({ ok: false, file: 'keys/log.vkey' });
  });

  it('that is no list is refused', () => {
    const results = ['no key\n', 'cut off'].map((text) => {
      members.set(file, Buffer.from(text));
      sign();
      return found(log.seeds.third);
    });
    expect(results).toEqual([
      { ok: false, file, problem: 'it is not a list of verifier keys' },
      { ok: false, file, problem: 'its last line is cut off' },
    ]);
  });
});

describe('AC-09 a changed entry of a record whose key was changed', () => {
  it('is named by its index for whoever holds any of the keys', () => {
    const lines = String(members.get('events.jsonl')).replace('"seq":5', '"seq":9');
    members.set('events.jsonl', Buffer.from(lines));
    for (const seed of Object.values(log.seeds)) expect(found(seed)).toMatchObject({ ok: false, entry: 5 });
  });

  it('is narrowed down by checkpoints of an earlier key where the tiles were changed along', () => {
    const lines = String(members.get('events.jsonl')).replace('"seq":5', '"seq":9');
    members.set('events.jsonl', Buffer.from(lines));
    members.set('log/tile/0/000.p/8', Buffer.alloc(8 * 32));
    expect(found()).toMatchObject({ ok: false, range: [4, 5], file: 'events.jsonl' });
  });

  it('is authenticated by a key line of before too', () => {
    const key = join(log.folder, 'key-line');
    writeFileSync(key, lineOf(log.seeds.second));
    expect(runVerifier(zip, '--key', key).out).toMatch(/^AUTHENTICATED: signed by a key that/);
  });
});
