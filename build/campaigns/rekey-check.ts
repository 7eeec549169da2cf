import { readdirSync } from 'node:fs';
import { openWritableDatabase, type ReadableDatabase } from '../../electron/vault/database/open-database.ts';
import { confirmGeneration } from '../../electron/vault/keys/keyring-file.ts';
import { openLogReader } from '../../electron/vault/log/log-reader.ts';
import { rootOf } from '../../electron/vault/log/merkle.ts';
import { verifierKeyFor } from '../../electron/vault/log/signed-note.ts';
import { checkNewestCheckpoint } from '../../electron/vault/log/verify-opened.ts';
import { verifyLog } from '../../electron/vault/log/verify-log.ts';
import { digestDatabase } from '../../electron/vault/rotation/database-digest.ts';
import {
  appendLeaves,
  filesOpenedBy,
  keyringOf,
  recoverWith,
  unlockAs,
  type RotationFixture,
} from '../../electron/vault/rotation/rotation-fixture.ts';
import { rotationPaths } from '../../electron/vault/rotation/rotation-files.ts';
import { settleLogKey } from '../../electron/vault/rotation/settle-log-key.ts';
import { openDatabasePath, type Settled } from '../../electron/vault/rotation/settle-rotation.ts';
import type { Evidence } from './evidence.ts';

export type Finding = {
  /** What is not as it must be; empty where all is well. */
  readonly problems: readonly string[];
  readonly settled: Settled['rotation'] | null;
  /** Whether the key of before the child is still the one. */
  readonly isOldKey: boolean;
};

type Demand = (holds: boolean, problem: string) => void;

export type Killed = {
  readonly made: RotationFixture;
  /** Of the installation before the child touched it. */
  readonly before: { readonly schema: readonly string[] };
  readonly folder: string;
  readonly evidence: Evidence;
};

/** Tables, indices and triggers with the hashes of their texts. */
export function schemaOf(database: ReadableDatabase): readonly string[] {
  return digestDatabase(database, 'main').filter((line) => /^(?:table|index|trigger|view) /u.test(line));
}

/** Starts as the app does after a kill, and then looks at everything that somebody else could look at too. */
export async function checkAfterKill(killed: Killed): Promise<Finding> {
  const { made, folder, evidence } = killed;
  const problems: string[] = [];
  const demand: Demand = (holds, problem) => {
    if (!holds) problems.push(problem);
  };
  const keyring = keyringOf(folder);
  const unlocked = await unlockAs(keyring, made.administrator);
  if (!unlocked.ok) return { problems: [`unlock: ${unlocked.error.code}`], settled: null, isOldKey: false };
  const keys = unlocked.value;
  const isOldKey = made.keys.dek.every((byte, index) => byte === keys.dek[index]);
  const settled = openDatabasePath({ folder, dek: keys.dek });
  if (!settled.ok) return { problems: [`settle: ${settled.error.code}`], settled: null, isOldKey };
  demand(!readdirSync(folder).includes('cloister.db.next'), 'a copy is left after the start');
  checkRecord(settled.value.path, keys.dek, keyring.log, killed, demand);
  confirmGeneration(folder);

  // One key, one file.
  const all = [Buffer.from(made.keys.dek).toString('hex'), ...evidence.deks];
  const working = all.filter((dek) => filesOpenedBy(folder, Buffer.from(dek, 'hex')).length > 0);
  demand(working.length === 1, `${working.length} keys open something`);
  demand(working[0] === Buffer.from(keys.dek).toString('hex'), 'the key that opens something is another');
  demand(
    filesOpenedBy(folder, keys.dek).join() === 'cloister.db',
    'the key opens another file than the record',
  );
  // The child had said so: it may not be undone. The newest may be a later one, whose message was cut off.
  const done = evidence.rotated.at(-1);
  demand(
    done === undefined || all.indexOf(working[0] ?? '') >= all.indexOf(done),
    'a finished rotation was undone',
  );

  for (const result of [
    await unlockAs(keyring, made.clinician),
    await recoverWith(keyring, made.recoveryIdentity),
  ]) {
    const same =
      result.ok &&
      Buffer.from(result.value.dek).equals(keys.dek) &&
      Buffer.from(result.value.logSeed).equals(made.keys.logSeed);
    demand(same, 'somebody who stays does not get the keys');
  }
  const leaver = await unlockAs(keyring, made.leaver);
  demand(!leaver.ok && leaver.error.code === 'not-allowed', 'the removed user unlocks');

  const { size } = appendLeaves(folder, keyring, keys, 1);
  demand(size > evidence.record.size, 'the record does not go on');
  demand(
    readdirSync(folder).toSorted().join() === 'cloister.db,keyring.json',
    `left: ${readdirSync(folder).join()}`,
  );
  return { problems, settled: settled.value.rotation, isOldKey };
}

/** As the app starts after a kill: which seed signs, who gets it, and whether the record is what it was. */
export async function checkLogKeyAfterKill(killed: Killed): Promise<Finding> {
  const { made, folder, evidence } = killed;
  const problems: string[] = [];
  const demand: Demand = (holds, problem) => {
    if (!holds) problems.push(problem);
  };
  const found = keyringOf(folder);
  const unlocked = await unlockAs(found, made.administrator);
  if (!unlocked.ok) return { problems: [`unlock: ${unlocked.error.code}`], settled: null, isOldKey: false };
  const databasePath = rotationPaths(folder).current;
  const settled = await settleLogKey({ folder, keyring: found, keys: unlocked.value, databasePath });
  if (!settled.ok) return { problems: [`settle: ${settled.error.code}`], settled: null, isOldKey: false };
  const { keyring, keys, change } = settled.value;
  const isOldKey = made.keys.logSeed.every((byte, index) => byte === keys.logSeed[index]);
  demand(keyring.log.nextVerifierKey === undefined, 'the key file still names two keys');
  checkRecord(databasePath, keys.dek, keyring.log, killed, demand);
  confirmGeneration(folder);

  const all = [Buffer.from(made.keys.logSeed).toString('hex'), ...evidence.logSeeds];
  const signing = Buffer.from(keys.logSeed).toString('hex');
  const { origin } = keyring.log;
  const working = all.filter((seed) =>
    signsNewest(databasePath, keys.dek, origin, verifierKeyFor(origin, Buffer.from(seed, 'hex'))),
  );
  demand(working.join() === signing, 'the key that signed last is not the one that people get');
  const done = evidence.rotated.at(-1);
  demand(done === undefined || all.indexOf(signing) >= all.indexOf(done), 'a finished rotation was undone');
  for (const result of [
    await unlockAs(keyringOf(folder), made.clinician),
    await recoverWith(keyringOf(folder), made.recoveryIdentity),
  ]) {
    const same =
      result.ok &&
      Buffer.from(result.value.dek).equals(keys.dek) &&
      Buffer.from(result.value.logSeed).equals(keys.logSeed) &&
      result.value.nextLogSeed === undefined;
    demand(same, 'somebody does not get the keys');
  }
  const { size } = appendLeaves(folder, keyring, keys, 1);
  demand(size > evidence.record.size, 'the record does not go on');
  demand(
    readdirSync(folder).toSorted().join() === 'cloister.db,keyring.json',
    `left: ${readdirSync(folder).join()}`,
  );
  return { problems, settled: change, isOldKey };
}

function signsNewest(path: string, dek: Uint8Array, origin: string, verifierKey: string): boolean {
  const database = openWritableDatabase(path, dek, { mustExist: true });
  try {
    return checkNewestCheckpoint(openLogReader(database), origin, verifierKey).ok;
  } finally {
    database.close();
  }
}

function checkRecord(
  path: string,
  dek: Uint8Array,
  expected: { readonly origin: string; readonly verifierKey: string },
  { before, evidence }: Pick<Killed, 'before' | 'evidence'>,
  demand: Demand,
): void {
  const database = openWritableDatabase(path, dek, { mustExist: true });
  const { record } = evidence;
  try {
    const reader = openLogReader(database);
    demand(
      checkNewestCheckpoint(reader, expected.origin, expected.verifierKey).ok,
      'the newest checkpoint is wrong',
    );
    const check = verifyLog(reader, expected, () => undefined);
    demand(check.consistent, `the log does not verify: ${check.problem ?? ''}`);
    // A leaf may have been committed whose evidence the kill cut off.
    demand(check.treeSize === record.size || check.treeSize === record.size + 1, 'leaves are missing');
    const root = rootOf(record.size, (level, position) => reader.readNode(level, position));
    demand(Buffer.from(root).toString('hex') === record.root, 'the tree is another');
    demand(database.raw.pragma('integrity_check', { simple: true }) === 'ok', 'the file is damaged');
    demand(schemaOf(database).join() === before.schema.join(), 'the schema is another');
  } finally {
    database.close();
  }
}
