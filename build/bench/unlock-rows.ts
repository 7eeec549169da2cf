import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argon2id } from 'hash-wasm';
import { unlock } from '../../electron/vault/keys/installation.ts';
import type { UserRecord } from '../../electron/vault/keys/keyring-schema.ts';
import { valueOf } from '../../electron/vault/keys/keys-fixture.ts';
import { forgetKeys } from '../../electron/vault/keys/sealed-keys.ts';
import { appendLeaves, keyringOf } from '../../electron/vault/rotation/rotation-fixture.ts';
import {
  clinicianPassphrase,
  setUpFrom,
  startPlayedVault,
  valueFrom,
} from '../../electron/vault/vault-fixture.ts';
import type { Row } from './row.ts';

const leaves = 5000;

/**
 * The sign-in that a clinician waits for, against the derivation that nobody can shorten. Both at full strength: the
 * installation comes from the vault's own set-up, without a keychain.
 */
export const unlockRow: Row = {
  id: 'unlock.ratio',
  what: `ms from the sign-in request to the vault's answer: keys, record of ${leaves} entries opened and checked, sign-in recorded`,
  unit: 'ratio',
  baseline: 'ms of Argon2id alone (hash-wasm), same passphrase and parameters',
  goal: 1.3,
  ceiling: 1200,
  better: 'lower',
  pairs: 41,
  budgetMs: 60_000,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-bench-'));
    const clinician = await installation(folder);
    return {
      ours: () => signIn(folder, clinician),
      peer: () => deriveOnly(clinician),
      close: async () => {
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** Made by the vault, as at the first run; then a record of some months. */
async function installation(folder: string): Promise<UserRecord> {
  const { vault, page } = await startPlayedVault(folder, 'launch');
  await setUpFrom(page);
  vault.stop();
  const data = join(folder, 'data');
  const keyring = keyringOf(data);
  const clinician = keyring.users.find(({ role }) => role === 'clinician');
  if (clinician === undefined) throw new Error('the set-up made no clinician');
  const { userId } = clinician;
  const keys = valueOf(
    await unlock({ keyring, userId, passphrase: clinicianPassphrase, deviceSecret: null }),
  );
  appendLeaves(data, keyring, keys, leaves);
  forgetKeys(keys);
  return clinician;
}

/** A vault serves one session, so each round has a new one; its start happens before anybody types, and is not measured. */
async function signIn(folder: string, { userId }: UserRecord): Promise<number> {
  const { vault, page } = await startPlayedVault(folder, 'launch');
  await valueFrom(page, 'app.getState', {});
  const startedAt = performance.now();
  const step = await valueFrom(page, 'session.signIn', { userId, passphrase: clinicianPassphrase });
  const elapsedMs = performance.now() - startedAt;
  vault.stop();
  if (step.next !== 'signed-in') throw new Error(`the sign-in stopped at ${step.next}`);
  return elapsedMs;
}

async function deriveOnly(record: UserRecord): Promise<number> {
  if (record.state !== 'active') throw new Error('the clinician has no passphrase');
  const { salt, memoryKiB, iterations, parallelism } = record.wrapped.kdf;
  const options = {
    password: clinicianPassphrase,
    salt: Buffer.from(salt, 'base64'),
    memorySize: memoryKiB,
    iterations,
    parallelism,
    hashLength: 32,
    outputType: 'binary',
  } as const;
  const startedAt = performance.now();
  await argon2id(options);
  return performance.now() - startedAt;
}
