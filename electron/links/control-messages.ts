import { z } from 'zod';
import { appErrorSchema } from '../shared/app-error-schema.ts';
import { userIdSchema } from '../shared/ids.ts';

/** What a command and the vault of the running app say to each other over a `ControlChannel`. */

/** Requests of the contract that a command may send. The matrix of roles holds for them as it does on the screen. */
export const commandRequestSchema = z.enum(['log.verify', 'log.digest', 'log.anchor']);
export type CommandRequest = z.infer<typeof commandRequestSchema>;

export const toVaultFromCommandSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sign-in'), userId: userIdSchema, passphrase: z.string().max(20_000) }),
  z.strictObject({ kind: z.literal('second-factor'), code: z.string().max(64) }),
  z.strictObject({ kind: z.literal('request'), name: commandRequestSchema, input: z.unknown() }),
]);
export type ToVaultFromCommand = z.infer<typeof toVaultFromCommandSchema>;

export const toCommandSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('second-factor-wanted') }),
  z.strictObject({ kind: z.literal('signed-in') }),
  z.strictObject({ kind: z.literal('answer'), value: z.unknown() }),
  z.strictObject({ kind: z.literal('refused'), error: appErrorSchema }),
]);
export type ToCommand = z.infer<typeof toCommandSchema>;
