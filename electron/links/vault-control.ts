import { z } from 'zod';
import { downloadFailureSchema, downloadOrderSchema } from './egress-control.ts';
import { hashedFileSchema } from './hashed-file.ts';
import { userIdSchema } from '../shared/ids.ts';
import { lockReasonSchema } from '../shared/lock-reason.ts';
import { sessionEndReasonSchema, startedBecauseSchema } from '../shared/session-end.ts';

/**
 * Main's line to the vault (`parentPort`): life cycle, keychain and file grants. No clinical text, no passphrase, no SQL.
 * Ports travel beside `start`, `text-port` and `model-port`.
 */
export const toVaultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('start'),
    dataFolder: z.string(),
    modelsFolder: z.string(),
    /** JSON file with the approved models; `models/catalogue.json` unless a development run names another. */
    cataloguePath: z.string(),
    /** Development runs only: a folder in the place of the system's, for the policy. */
    policyFolder: z.string().nullable(),
    flavour: z.enum(['release', 'development']),
    version: z.string(),
    /** Hash of app.asar, or null in an unpackaged run; goes into sign-in leaves. */
    appSha256: z.string().nullable(),
    keychain: z.strictObject({ available: z.boolean(), backend: z.string() }),
    /** Why the vault was started again, for the words on the screen. */
    startedBecause: startedBecauseSchema,
    /** Whose screen was locked, and why. */
    locked: z.strictObject({ userId: userIdSchema, reason: lockReasonSchema }).nullable(),
    /** Main remembers it for as long as the app runs. */
    hashedModel: hashedFileSchema.nullable(),
    /** Development runs only (never in a package): print keys and timings that tests need to `testHooksFile`. */
    testHooksFile: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('text-port') }),
  z.strictObject({ kind: z.literal('model-port') }),
  /** The inference process ended without being asked to. A replacement's port follows, unless too many have ended. */
  z.strictObject({ kind: z.literal('inference-ended'), exitCode: z.int(), replaced: z.boolean() }),
  z.strictObject({
    kind: z.literal('file-grant'),
    grant: z.uuid(),
    path: z.string(),
    purpose: z.enum(['recovery-key', 'audit-bundle', 'backup', 'model-file']),
  }),
  z.strictObject({ kind: z.literal('keychain-answer'), id: z.int(), value: z.string().nullable() }),
  /** Nobody is there any more: end the session at once, also one whose sign-in is half done. Main kills a vault that still has one 400 ms later. */
  z.strictObject({ kind: z.literal('lock'), reason: z.enum(['suspend', 'screen-locked']) }),
  /** End in good order: abort the generation into the log, close the database, exit. */
  z.strictObject({ kind: z.literal('stop') }),
  /** The session, main or the egress process refused a connection attempt. */
  z.strictObject({
    kind: z.literal('network-blocked'),
    process: z.enum(['main', 'egress']),
    api: z.string(),
  }),
  /** Of the download that runs: how much of the file is there. */
  z.strictObject({ kind: z.literal('download-progress'), bytes: z.int().nonnegative() }),
  /** Null: the egress process says that the file is whole, which the vault believes when it has hashed it. */
  z.strictObject({ kind: z.literal('download-ended'), failure: downloadFailureSchema.nullable() }),
]);
export type ToVault = z.infer<typeof toVaultSchema>;

export const fromVaultSchema = z.discriminatedUnion('kind', [
  /** base64 in, base64 out (`wrap`: plain device secret to keychain blob; `unwrap`: the other way; null on failure). */
  z.strictObject({
    kind: z.literal('keychain-request'),
    id: z.int(),
    operation: z.enum(['wrap', 'unwrap']),
    value: z.string(),
  }),
  /** The session is over and the vault exits with code 0: main ends inference, starts both again and reloads the page. */
  z.strictObject({
    kind: z.literal('session-ended'),
    because: sessionEndReasonSchema,
    /** Null where a lock met a sign-in: nobody's session had begun. */
    userId: userIdSchema.nullable(),
    /** Why it was locked; null where it was not. */
    lockReason: lockReasonSchema.nullable(),
  }),
  /** Somebody has opened the record. From here on a lock ends the vault whether it answers or not. */
  z.strictObject({ kind: z.literal('session-began'), userId: userIdSchema }),
  /** There is a model that can be loaded, and a page that will ask for it: main starts the inference process. */
  z.strictObject({ kind: z.literal('model-wanted') }),
  /** The inference process lives and says nothing: main ends it, and starts another. */
  z.strictObject({ kind: z.literal('inference-hung') }),
  /** This file was hashed and loaded: the vaults after this one are told. */
  z.strictObject({ kind: z.literal('model-hashed'), hashed: hashedFileSchema }),
  /** From the policy, at the start and when it was read again. */
  z.strictObject({ kind: z.literal('screen-capture'), allowed: z.boolean() }),
  /** Start the egress process for this one file: an administrator asked for it and the policy allows it. */
  z.strictObject({ kind: z.literal('download-model'), order: downloadOrderSchema }),
  z.strictObject({ kind: z.literal('stop-download') }),
]);
export type FromVault = z.infer<typeof fromVaultSchema>;
