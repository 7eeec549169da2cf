import { z } from 'zod';
import { appErrorSchema } from './app-error-schema.ts';
import { installationIdSchema, userIdSchema } from './ids.ts';
import { lockReasonSchema } from './lock-reason.ts';
import { suspicionSchema } from './log-data.ts';
import { logRequests } from './log-contract.ts';
import { accountRequests } from './account-contract.ts';
import { downloadEventSchema, downloadRequests } from './download-contract.ts';
import { libraryEventSchema, libraryRequests } from './library-contract.ts';
import { policyForPageSchema } from './policy-data.ts';
import { empty, everyone, request } from './request-parts.ts';
import { setupRequests } from './setup-contract.ts';
import { accountTileSchema, sessionRequests, signedInUserSchema } from './session-contract.ts';
import { turnEventSchemas, turnRequests } from './turn-contract.ts';

/**
 * The text port: everything that the page may ask of the vault, and everything that the vault tells the page.
 * Requests go one way and get a `Result`; events go the other way. Inputs are parsed in the vault with these strict
 * schemas; every request names the callers that may use it, and the vault (not the page) checks that.
 */

export const modelStatusSchema = z.discriminatedUnion('state', [
  /** The file is being checked against its hash and loaded; `fraction` from 0 to 1. */
  z.strictObject({
    state: z.literal('loading'),
    step: z.enum(['checking', 'measuring', 'loading']),
    fraction: z.number(),
  }),
  z.strictObject({
    state: z.literal('ready'),
    name: z.string(),
    sha256: z.string(),
    contextTokens: z.int(),
    threads: z.int(),
    /** Median measured when the thread count was chosen. */
    tokensPerSecond: z.number(),
  }),
  z.strictObject({ state: z.literal('failed'), error: appErrorSchema }),
]);
export type ModelStatus = z.infer<typeof modelStatusSchema>;

/** One-off words that the next screen must say, in order. */
const noticeSchema = z.strictObject({ kind: z.enum(['info', 'attention']), message: z.string() });
export type Notice = z.infer<typeof noticeSchema>;

export const appStateSchema = z.strictObject({
  phase: z.enum(['first-run', 'signed-out', 'signed-in', 'broken']),
  /** Set when `broken`: why nothing can be opened, what was kept, what to do. */
  problem: appErrorSchema.nullable(),
  flavour: z.enum(['release', 'development']),
  version: z.string(),
  organisation: z.string().nullable(),
  installationId: installationIdSchema.nullable(),
  /** Before the first run: IT has prepared this computer. */
  provisioning: z
    .strictObject({ organisation: z.string(), people: z.int(), recoveryKeys: z.int() })
    .nullable(),
  users: z.array(accountTileSchema),
  /** Whose screen was locked and why, if it was locked and not signed out. */
  locked: z.strictObject({ userId: userIdSchema, reason: lockReasonSchema }).nullable(),
  user: signedInUserSchema.nullable(),
  /** How the device secret is kept; `passphrase-only` means that this system has no usable keychain. */
  deviceBinding: z.enum(['os-keychain', 'passphrase-only']),
  policy: policyForPageSchema,
  /** Number of leaves: what "Recorded" counts. Null while nobody is signed in. */
  logSize: z.int().nullable(),
  notices: z.array(noticeSchema),
  suspicion: suspicionSchema.nullable(),
  model: modelStatusSchema,
});
export type AppState = z.infer<typeof appStateSchema>;

export const contract = {
  ...setupRequests,
  ...sessionRequests,
  ...accountRequests,
  ...logRequests,
  ...turnRequests,
  ...downloadRequests,
  ...libraryRequests,
  'app.getState': request(everyone, empty, appStateSchema),
} as const;

export type Contract = typeof contract;
export type RequestName = keyof Contract;
/** What the page passes (before parsing). */
export type RequestInput<N extends RequestName> = z.input<Contract[N]['input']>;
/** What a handler receives (after parsing). */
export type ParsedInput<N extends RequestName> = z.output<Contract[N]['input']>;
export type RequestOutput<N extends RequestName> = z.output<Contract[N]['output']>;

/** Events from the vault to the page. */
export const vaultEventSchema = z.discriminatedUnion('event', [
  ...turnEventSchemas,
  z.strictObject({ event: z.literal('model.status'), status: modelStatusSchema }),
  /** The screen locks in so many seconds; null: somebody is there again. */
  z.strictObject({ event: z.literal('lock.warning'), secondsLeft: z.int().nullable() }),
  z.strictObject({ event: z.literal('log.grew'), logSize: z.int() }),
  /** Null: a comparison found the record right again. */
  z.strictObject({ event: z.literal('record.suspect'), suspicion: suspicionSchema.nullable() }),
  z.strictObject({ event: z.literal('export.progress'), fraction: z.number() }),
  downloadEventSchema,
  libraryEventSchema,
  z.strictObject({ event: z.literal('notice'), notice: noticeSchema }),
]);
export type VaultEvent = z.infer<typeof vaultEventSchema>;
