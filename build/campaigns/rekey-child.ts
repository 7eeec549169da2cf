import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { z } from 'zod';
import { valueOf, weakKdf } from '../../electron/vault/keys/keys-fixture.ts';
import { confirmGeneration } from '../../electron/vault/keys/keyring-file.ts';
import { unlock } from '../../electron/vault/keys/installation.ts';
import { userIdSchema } from '../../electron/shared/ids.ts';
import { holdersOf, resealedKeyring } from '../../electron/vault/rotation/resealed-keyring.ts';
import { rotateDek } from '../../electron/vault/rotation/rotate-dek.ts';
import { rotateLogKey } from '../../electron/vault/rotation/rotate-log-key.ts';
import { appendKeyChange, appendLeaves, keyringOf } from '../../electron/vault/rotation/rotation-fixture.ts';
import { rotationPaths } from '../../electron/vault/rotation/rotation-files.ts';
import { settleLogKey } from '../../electron/vault/rotation/settle-log-key.ts';
import { openDatabasePath } from '../../electron/vault/rotation/settle-rotation.ts';
import { note } from './evidence.ts';

/**
 * The process that is killed. It does what the app does, on real files, and says on its output when the parent's clock
 * starts (`ready`) or when it waits at a named step to be killed (`waiting`).
 */
export const orderSchema = z.strictObject({
  folder: z.string(),
  evidence: z.string(),
  userId: userIdSchema,
  passphrase: z.string(),
  /** `rotate`: over and over. `settle`: what the app does after an unlock, once. The key of the record, or the one that signs. */
  work: z.enum(['rotate', 'settle', 'rotate-log-key', 'settle-log-key']),
  /** The step at which `ready` is said; null: before the work. */
  readyAt: z.string().nullable(),
  /** The step at which it stops for ever. */
  waitAt: z.string().nullable(),
});
export type Order = z.infer<typeof orderSchema>;

const order = orderSchema.parse(JSON.parse(process.argv[2] ?? ''));
const { folder, evidence, userId, passphrase } = order;

function say(word: 'ready' | 'waiting' | 'done'): void {
  writeSync(1, `${word}\n`);
}

function reached(step: string): void {
  if (step === order.readyAt) say('ready');
  if (step !== order.waitAt) return;
  say('waiting');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

let keyring = keyringOf(folder);
let keys = valueOf(await unlock({ keyring, userId, passphrase, deviceSecret: null, kdfFloor: weakKdf }));

if (order.readyAt === null) say('ready');
switch (order.work) {
  case 'settle':
    valueOf(openDatabasePath({ folder, dek: keys.dek, reached }));
    say('done');
    break;
  case 'settle-log-key':
    valueOf(
      await settleLogKey({ folder, keyring, keys, databasePath: rotationPaths(folder).current, reached }),
    );
    say('done');
    break;
  case 'rotate':
    await rotateOverAndOver();
    break;
  case 'rotate-log-key':
    await rotateLogKeyOverAndOver();
    break;
}

async function rotateLogKeyOverAndOver(): Promise<never> {
  for (;;) {
    note(evidence, appendLeaves(folder, keyring, keys, 1));
    let nextSeed: Uint8Array = Buffer.alloc(0);
    const rotated = await rotateLogKey({
      folder,
      keyring,
      keys,
      addLeaf(seed) {
        note(evidence, appendKeyChange(folder, keyring, keys, seed));
      },
      random(bytes) {
        const seed = randomBytes(bytes);
        nextSeed = Buffer.from(seed);
        note(evidence, { logSeed: seed.toString('hex') });
        return seed;
      },
      reached,
    });
    if (!rotated.ok) throw new Error(rotated.error.error.message);
    keyring = rotated.value;
    keys = { ...keys, logSeed: nextSeed };
    note(evidence, { rotated: Buffer.from(nextSeed).toString('hex') });
    say('done');
  }
}

async function rotateOverAndOver(): Promise<never> {
  for (;;) {
    note(evidence, appendLeaves(folder, keyring, keys, 1));
    const rotated = await rotateDek({
      folder,
      keyring,
      keys,
      holders: holdersOf(keyring),
      nextKeyring: resealedKeyring,
      random(bytes) {
        const dek = randomBytes(bytes);
        note(evidence, { dek: dek.toString('hex') });
        return dek;
      },
      reached,
    });
    if (!rotated.ok) throw new Error(rotated.error.error.message);
    ({ keyring, keys } = rotated.value);
    note(evidence, { rotated: Buffer.from(keys.dek).toString('hex') });
    valueOf(confirmGeneration(folder));
    say('done');
  }
}
