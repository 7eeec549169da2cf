import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalLine } from '../links/network-guard-line.ts';
import type { FromVault } from '../links/vault-control.ts';
import {
  contract,
  vaultEventSchema,
  type RequestInput,
  type RequestName,
  type RequestOutput,
  type VaultEvent,
} from '../shared/contract.ts';
import { userIdSchema, type Entry } from '../shared/ids.ts';
import type { LogEventType } from '../shared/log-event-types.ts';
import { ok, type Result } from '../shared/result.ts';
import type { Role } from '../shared/roles.ts';
import { createBlockedReports, type BlockedReports } from './blocked-reports.ts';
import { readFirstScreen } from './first-screen.ts';
import { playModel, type PlayedModel } from './played-model-fixture.ts';
import { signPolicy } from './policy/sign-policy.ts';
import { findProvisioning } from './setup/find-provisioning.ts';
import { createTestHooks } from './test-hooks.ts';
import type { StartMessage, Vault } from './vault-parts.ts';
import { createVault } from './vault.ts';

/**
 * For tests: the whole vault over its two ports, with the real keyring, database and log. Only the two ends that other
 * processes have are played: a page that sends frames, and a scripted model that answers on the model port.
 */
export const administratorPassphrase = 'correct horse battery staple';
export const clinicianPassphrase = 'nine purple bicycles in the rain';

export type PlayedVault = {
  readonly vault: Vault;
  readonly page: PlayedPage;
  readonly model: PlayedModel;
  readonly posted: FromVault[];
  readonly blocked: BlockedReports;
  /** Does what the vault wanted done after so long, as if the time had passed. */
  pass(delayMs: number): void;
};

/** @param folder holds `data`, `policy` and the catalogue; the same folder again is a restart */
export async function startPlayedVault(
  folder: string,
  startedBecause: StartMessage['startedBecause'],
): Promise<PlayedVault> {
  const posted: FromVault[] = [];
  const scheduled = new Set<{ readonly delayMs: number; readonly act: () => void }>();
  const location = {
    folder: join(folder, 'policy'),
    platform: process.platform,
    trustedOwners: [process.getuid?.() ?? 0],
  };
  if (!existsSync(join(folder, 'catalogue.json'))) writeCatalogue(folder);
  const blocked = createBlockedReports();
  const start = startMessage(folder, startedBecause);
  const first = readFirstScreen({
    start,
    primitives: ok(undefined),
    location,
    provisioning: await findProvisioning(location),
  });
  const vault = createVault({
    start,
    first,
    latePrimitives: async () => ok(undefined),
    post: (message) => posted.push(message),
    keychain: { available: false, backend: 'none', wrap: async () => null, unwrap: async () => null },
    blocked,
    workerPath: join(import.meta.dirname, 'vault-worker.ts'),
    localLine: createLocalLine(),
    hooks: createTestHooks(null),
    versions: () => ({ electron: 'test' }),
    location,
    exitSoon: () => undefined,
    after: (delayMs, act) => {
      const later = { delayMs, act };
      scheduled.add(later);
      return () => scheduled.delete(later);
    },
  });
  const pass = (delayMs: number): void => {
    for (const later of [...scheduled].filter((each) => each.delayMs === delayMs)) {
      scheduled.delete(later);
      later.act();
    }
  };
  return { vault, posted, blocked, pass, page: playPage(vault), model: playModel(vault) };
}

/** What main tells a vault of this folder at its start; no keychain. */
export function startMessage(
  folder: string,
  startedBecause: StartMessage['startedBecause'] = 'launch',
): StartMessage {
  return {
    kind: 'start',
    dataFolder: join(folder, 'data'),
    modelsFolder: folder,
    cataloguePath: join(folder, 'catalogue.json'),
    policyFolder: join(folder, 'policy'),
    flavour: 'development',
    version: '0.1.0',
    appSha256: null,
    keychain: { available: false, backend: 'none' },
    startedBecause,
    locked: null,
    hashedModel: null,
    testHooksFile: null,
  };
}

export const organisationSeed = randomBytes(32);

/** Puts a signed policy where the next vault of this folder looks for it. */
export function writePolicyTo(folder: string, settings: Record<string, unknown>, version = 1): void {
  mkdirSync(join(folder, 'policy'), { recursive: true, mode: 0o755 });
  const document = {
    v: 1,
    version,
    issuedAt: '2026-11-23T09:00:00.000Z',
    organisation: 'clinic.example',
    settings,
  };
  const signed = signPolicy(`${JSON.stringify(document)}\n`, organisationSeed);
  if (!signed.ok) throw new Error(signed.error.message);
  writeFileSync(join(folder, 'policy', 'policy.note'), signed.value.note, { mode: 0o644 });
  writeFileSync(join(folder, 'policy', 'organisation.vkey'), signed.value.organisationKey, { mode: 0o644 });
}

function writeCatalogue(folder: string): void {
  writeFileSync(
    join(folder, 'catalogue.json'),
    JSON.stringify({
      version: 1,
      default: 'scripted',
      models: [
        {
          id: 'scripted',
          name: 'Scripted model',
          file: 'scripted.gguf',
          sizeBytes: 1,
          sha256: 'ab'.repeat(32),
          contextTokens: 2048,
          licence: 'none',
          repository: 'none',
          use: 'tests',
        },
      ],
    }),
  );
}

export type PlayedPage = {
  readonly events: VaultEvent[];
  ask<N extends RequestName>(
    name: N,
    input: RequestInput<N>,
  ): Promise<{ ok: true; value: RequestOutput<N> } | { ok: false; error: { code: string; message: string } }>;
  send(message: unknown): Promise<unknown>;
  readonly isClosed: () => boolean;
};

function playPage(owner: Vault): PlayedPage {
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  const events: VaultEvent[] = [];
  let toVault: (message: unknown) => void = () => undefined;
  let nextId = 0;
  let closed = false;
  owner.attachTextPort({
    postMessage: (message) => {
      const frame = structuredClone(message) as { id?: number; result: Result<unknown> };
      if (frame.id === undefined) events.push(vaultEventSchema.parse(frame));
      else waiting.get(frame.id)?.(frame.result);
    },
    onMessage: (listener) => {
      toVault = listener;
    },
    onClose: () => undefined,
    close: () => {
      closed = true;
    },
  });
  const send = (message: Record<string, unknown>): Promise<Result<unknown>> =>
    new Promise((resolve) => {
      nextId += 1;
      waiting.set(nextId, resolve);
      toVault({ id: nextId, ...message });
    });
  return {
    events,
    // The page itself believes what it is told; so every answer is held to the contract here.
    ask: async (name, input) => {
      const result = await send({ name, input });
      if (result.ok) contract[name].output.parse(result.value);
      return result as never;
    },
    send: async (message) => {
      toVault(message);
      return undefined;
    },
    isClosed: () => closed,
  };
}

export async function valueFrom<N extends RequestName>(
  page: PlayedPage,
  name: N,
  input: RequestInput<N>,
): Promise<RequestOutput<N>> {
  const result = await page.ask(name, input);
  if (!result.ok) throw new Error(`${name}: ${result.error.code}`);
  return result.value;
}
export async function failureFrom<N extends RequestName>(
  page: PlayedPage,
  name: N,
  input: RequestInput<N>,
): Promise<string> {
  const result = await page.ask(name, input);
  return result.ok ? 'none' : result.error.code;
}

/** Two proven recovery keys, an administrator, a clinician. @returns the identities of the recovery keys */
export async function setUpFrom(page: PlayedPage): Promise<readonly string[]> {
  const identities: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const { identity } = await valueFrom(page, 'setup.createRecoveryKey', {});
    await valueFrom(page, 'setup.proveRecoveryKey', { identity });
    identities.push(identity);
  }
  await valueFrom(page, 'setup.complete', {
    organisationName: 'Example Clinic',
    organisationDomain: 'clinic.example',
    administrator: { displayName: 'Ivy Admin', passphrase: administratorPassphrase },
    clinician: { displayName: 'Cleo Clinician', passphrase: clinicianPassphrase },
    acceptSingleRecipient: false,
  });
  return identities;
}

export async function signInFrom(page: PlayedPage, role: Role, passphrase?: string) {
  const state = await valueFrom(page, 'app.getState', {});
  const user = state.users.find((candidate) => candidate.role === role);
  const usual = role === 'clinician' ? clinicianPassphrase : administratorPassphrase;
  return valueFrom(page, 'session.signIn', {
    userId: userIdSchema.parse(user?.userId),
    passphrase: passphrase ?? usual,
  });
}

export type ReadLeaf = {
  readonly entry: Entry;
  readonly outcome: string;
  readonly patient: string | null;
  readonly actor: { readonly id: string | null; readonly role: string };
  readonly texts: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, unknown>>;
};
/** The newest entry of this type, as it is hashed. */
export async function newestLeaf(page: PlayedPage, type: LogEventType): Promise<ReadLeaf> {
  const filter = { before: null, limit: 1, userId: null, type, patientReference: null };
  const [row] = (await valueFrom(page, 'log.list', filter)).rows;
  if (row === undefined) throw new Error(`no ${type}`);
  const { leafJson } = await valueFrom(page, 'log.open', { entry: row.entry });
  return { ...(JSON.parse(leafJson) as Omit<ReadLeaf, 'entry'>), entry: row.entry };
}
