import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { z } from 'zod';
import { valueOf, weakKdf } from '../../electron/vault/keys/keys-fixture.ts';
import { confirmGeneration } from '../../electron/vault/keys/keyring-file.ts';
import { unlock } from '../../electron/vault/keys/installation.ts';
import { userIdSchema } from '../../electron/shared/ids.ts';
import { holdersOf, resealedKeyring } from '../../electron/vault/rotation/resealed-keyring.ts';
import { rotateDek } from '../../electron/vault/rotation/rotate-dek.ts';
import { appendLeaves, keyringOf } from '../../electron/vault/rotation/rotation-fixture.ts';
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
  /** `rotate`: over and over. `settle`: what the app does after an unlock, once. */
  work: z.enum(['rotate', 'settle']),
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

if (order.work === 'settle') {
  if (order.readyAt === null) say('ready');
  valueOf(openDatabasePath({ folder, dek: keys.dek, reached }));
  say('done');
} else {
  if (order.readyAt === null) say('ready');
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
