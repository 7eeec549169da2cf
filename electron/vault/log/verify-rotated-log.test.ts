import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runVerifier } from './bundle-fixture.ts';
import type { JsonValue } from './canonical-json.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { publicKeyOf } from './ed25519.ts';
import { signKeyRotation, type RotationPlace } from './key-rotation.ts';
import type { LeafEnvelope } from './leaf.ts';
import { logKeyFingerprint, logKeyHash } from './log-key.ts';
import { rootOf } from './merkle.ts';
import { createRotatedLog, type RotatedLog } from './rotated-log-fixture.ts';
import { signNote } from './signed-note.ts';

let log: RotatedLog;
beforeEach(() => {
  log = createRotatedLog();
});
afterEach(() => {
  log.dispose();
});

const findingSchema = z.object({
  ok: z.boolean(),
  entry: z.int().optional(),
  file: z.string().optional(),
  problem: z.string().optional(),
});

/** What the auditor's verifier finds in a bundle that this seed signed, with its fingerprint as the trusted key. */
async function found(seed: Uint8Array): Promise<z.infer<typeof findingSchema>> {
  const zip = await log.write('forged.zip', seed);
  return findingSchema.parse(JSON.parse(runVerifier(zip, '--json', '--key', log.fingerprintFile(seed)).out));
}

const rootAt = (size: number): Uint8Array =>
  rootOf(size, (level, position) => log.reader.readNode(level, position));

describe('a record whose key was changed twice', () => {
  it.each(['first', 'second', 'third'] as const)(
    'is consistent for the app that holds the %s key',
    (which) => {
      expect(log.check(log.seeds[which])).toEqual({
        consistent: true,
        treeSize: 8,
        rootHash: Buffer.from(rootAt(8)).toString('hex'),
        payloadsChecked: 1,
        firstBadEntry: null,
        problem: null,
      });
    },
  );

  it.each([
    [
      'first',
      'AUTHENTICATED: signed by a key that the key you gave leads to.',
      'it was signed by the key that you hold',
      'it was signed by both keys',
    ],
    [
      'second',
      'AUTHENTICATED: signed by a key that the key you gave leads to.',
      'to the key that you hold',
      'it was signed by the key that you hold',
    ],
    [
      'third',
      'AUTHENTICATED: signed by the key you gave.',
      'it was signed by both keys',
      'to the key that you hold',
    ],
  ] as const)('is authenticated for the auditor who holds the %s key, and says how', async (...words) => {
    const [which, verdict, atThree, atSix] = words;
    const zip = await log.write('bundle.zip');
    const run = runVerifier(zip, '--key', log.fingerprintFile(log.seeds[which]));
    const lines = run.out.split('\n');
    expect({ ...run, out: [lines[0], ...lines.filter((line) => line.includes('  key '))] }).toEqual({
      exitCode: 0,
      problems: '',
      out: [
        verdict,
        `  key          the key changed at entry 3; ${atThree}`,
        `  key          the key changed at entry 6; ${atSix}`,
      ],
    });
  });

  it('gives programs each change with its keys', async () => {
    const zip = await log.write('bundle.zip');
    const [first, second, third] = Object.values(log.seeds).map((seed) =>
      logKeyFingerprint(publicKeyOf(seed)),
    );
    const run = runVerifier(zip, '--json', '--key', log.fingerprintFile(log.seeds.first));
    expect(JSON.parse(run.out)).toMatchObject({
      ok: true,
      authenticated: true,
      keyFingerprint: third,
      heldKey: first,
      keyChanges: [
        { entry: 3, from: first, to: second },
        { entry: 6, from: second, to: third },
      ],
      earlierCheckpoints: 3,
    });
  });

  it('is refused by both for a key that it never had', async () => {
    const foreign = randomBytes(32);
    const zip = await log.write('bundle.zip');
    const run = runVerifier(zip, '--json', '--key', log.fingerprintFile(foreign));
    expect({ app: log.check(foreign).problem, auditor: JSON.parse(run.out) }).toMatchObject({
      app: 'a checkpoint is not signed by the key of this record',
      auditor: { ok: false, file: 'keys/log.vkey' },
    });
  });

  it('is exported by the key of its time only', async () => {
    await expect(log.write('old.zip', log.seeds.second)).rejects.toThrow('another key signed the record');
  });
});

type Leaves = readonly JsonValue[];
type Tamper = (all: LeafEnvelope[]) => Leaves;

const withData = (all: readonly LeafEnvelope[], seq: number, data: Record<string, JsonValue>): Leaves =>
  all.map((leaf) => (leaf.seq === seq ? { ...leaf, data: { ...leaf.data, ...data } } : leaf));
/** The leaf becomes one that changes no key. */
const unchanged = (all: readonly LeafEnvelope[], ...places: readonly number[]): LeafEnvelope[] =>
  all.map((leaf) =>
    places.includes(leaf.seq) ? { ...leaf, event: 'log.viewed', data: { entry: null } } : leaf,
  );
/** Leaf 6 is another change of the key, really signed by both. */
const rotated =
  (from: keyof RotatedLog['seeds'], to: keyof RotatedLog['seeds'], place: Partial<RotationPlace> = {}) =>
  (all: LeafEnvelope[]): Leaves => {
    const here = { origin: log.origin, size: 6, rootHash: rootAt(6), ...place };
    return withData(all, 6, signKeyRotation(here, log.seeds[from], log.seeds[to]));
  };

describe('AC-09 a change of the key that is not as it must be is named by its index', () => {
  it('and is accepted where it is', async () => {
    log.forge(rotated('second', 'third')(log.leaves()));
    expect({ app: log.check().problem, auditor: (await found(log.seeds.third)).ok }).toEqual({
      app: null,
      auditor: true,
    });
  });

  it.each<[string, number, string, Tamper, (keyof RotatedLog['seeds'])?]>([
    [
      'the old key did not sign',
      6,
      'the old key did not sign this change of the key',
      (all) => withData(all, 6, { oldSignature: all[6]?.data['newSignature'] ?? '' }),
    ],
    [
      'the new key did not sign',
      6,
      'the new key did not sign this change of the key',
      (all) => withData(all, 6, { newSignature: all[6]?.data['oldSignature'] ?? '' }),
    ],
    [
      'it was signed for another size, and says so',
      6,
      'it changes the key at another place than its own',
      (all) => rotated('second', 'third', { size: 5, rootHash: rootAt(5) })(all),
    ],
    [
      'it was signed for another size',
      6,
      'the old key did not sign this change of the key',
      (all) => rotated('second', 'third', { size: 6, rootHash: rootAt(5) })(all),
    ],
    [
      'it was signed for another record',
      6,
      'the old key did not sign this change of the key',
      (all) => rotated('second', 'third', { origin: `${log.origin}1` })(all),
    ],
    [
      'a key of before signed it',
      6,
      'it changes a key that was not in use',
      (all) => rotated('first', 'third')(all),
    ],
    [
      'it brings back the first key',
      6,
      'it brings back a key of before',
      (all) => rotated('second', 'first')(all),
      'first',
    ],
    [
      'it brings the key that is in use',
      6,
      'it brings back a key of before',
      (all) => rotated('second', 'second')(all),
      'second',
    ],
    [
      'the old key is not the one of its hash',
      6,
      'it names a key by another hash than its own',
      (all) => withData(all, 6, { oldKeyPublic: all[3]?.data['oldKeyPublic'] ?? '' }),
    ],
    [
      'the new key is not the one of its hash',
      6,
      'it names a key by another hash than its own',
      (all) => withData(all, 6, { newKey: 'ab'.repeat(32) }),
    ],
    ['it says more', 6, 'it is no change of the key', (all) => withData(all, 6, { because: 'by-hand' })],
    [
      'its signature is written in another way',
      6,
      'it is no change of the key',
      (all) => withData(all, 6, { oldSignature: Buffer.alloc(64).toString('base64url') }),
    ],
    [
      'it stands a second time',
      7,
      'it changes a key that was not in use',
      (all) => all.map((leaf) => (leaf.seq === 7 ? { ...all[6], seq: 7 } : leaf)),
    ],
    ['the one before it is missing', 6, 'it changes a key that was not in use', (all) => unchanged(all, 3)],
    [
      'it is missing, the leaf that brought the key before',
      3,
      'it brings another key than the one that signs',
      (all) => unchanged(all, 6),
    ],
    [
      'all are missing, the leaf that brought the first key',
      0,
      'it brings another key than the one that signs',
      (all) => unchanged(all, 3, 6),
    ],
    [
      'the record began with another key',
      3,
      'it changes a key that was not in use',
      (all) => withData(all, 0, { logKey: 'cd'.repeat(32) }),
    ],
    [
      'whoever holds the new keys only wrote another history before it',
      3,
      'the old key did not sign this change of the key',
      (all) => all.map((leaf) => (leaf.seq === 1 ? { ...leaf, outcome: 'refused' } : leaf)),
    ],
  ])('where %s', async (_, entry, problem, tamper, signer = 'third') => {
    const seed = log.seeds[signer];
    log.forge(tamper(log.leaves()), seed);
    const { consistent, firstBadEntry, problem: told } = log.check(seed);
    expect({ app: { consistent, firstBadEntry, problem: told }, auditor: await found(seed) }).toEqual({
      app: { consistent: false, firstBadEntry: entry, problem: problem.replace(/^it /, 'the entry ') },
      auditor: { ok: false, entry, file: 'events.jsonl', problem },
    });
  });

  it('where a stranger signed the newest checkpoint, whichever key the auditor holds', async () => {
    const stranger = randomBytes(32);
    log.forge(log.leaves(), stranger);
    const zip = await log.write('forged.zip', stranger);
    const auditors = [stranger, ...Object.values(log.seeds).slice(0, 2)].map((seed) =>
      findingSchema.parse(JSON.parse(runVerifier(zip, '--json', '--key', log.fingerprintFile(seed)).out)),
    );
    expect({ app: log.check(stranger).firstBadEntry, auditors: auditors.map(({ entry }) => entry) }).toEqual({
      app: 6,
      auditors: [6, 6, 6],
    });
  });

  it('where the first entry begins another record', async () => {
    const origin = log.origin.replace('clinic.example', 'other.example');
    log.forge(withData(log.leaves(), 0, { origin, logKey: logKeyHash(log.seeds.first) }));
    expect({ app: log.check().firstBadEntry, auditor: (await found(log.seeds.third)).entry }).toEqual({
      app: 0,
      auditor: 0,
    });
  });
});

describe('AC-09 a checkpoint that left the machine and is not signed by the key of its time', () => {
  it.each<[number, keyof RotatedLog['seeds']]>([
    [3, 'second'],
    [4, 'first'],
    [6, 'third'],
    [6, 'first'],
  ])('is refused: of %i entries, by the %s key', async (size, signer) => {
    const body = formatCheckpoint({ origin: log.origin, size, rootHash: rootAt(size) });
    log.database.raw
      .prepare('UPDATE checkpoints SET note = ? WHERE size = ?')
      .run(signNote(body, log.origin, log.seeds[signer]), size);
    expect({ app: log.check().problem, auditor: await found(log.seeds.third) }).toEqual({
      app: 'a checkpoint is not signed by the key of this record',
      auditor: {
        ok: false,
        file: 'checkpoints.txt',
        problem: `the checkpoint of ${size} entries is signed by a key that was not in use then`,
      },
    });
  });
});
