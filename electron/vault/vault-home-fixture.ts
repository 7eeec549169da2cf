import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { RequestInput, RequestName, RequestOutput } from '../shared/contract.ts';
import { userIdSchema, type UserId } from '../shared/ids.ts';
import type { LogEventType } from '../shared/log-event-types.ts';
import type { Role } from '../shared/roles.ts';
import {
  failureFrom,
  newestLeaf,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  type PlayedVault,
  type ReadLeaf,
} from './vault-fixture.ts';
import type { StartMessage } from './vault-parts.ts';

/** The played vault of a test, on a folder of its own. */
export type VaultHome = PlayedVault & {
  readonly folder: string;
  value<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>>;
  failure<N extends RequestName>(name: N, input: RequestInput<N>): Promise<string>;
  /** @returns the identities of the recovery keys */
  setUp(): Promise<readonly string[]>;
  signIn(role: Role, passphrase?: string): ReturnType<typeof signInFrom>;
  /** The end of a session ends the process; the next one is a new vault on the same folder. */
  restart(because?: StartMessage['startedBecause']): Promise<void>;
  /** The next vault, while the one before is still there: a killed process closes nothing. */
  startAnother(because: StartMessage['startedBecause']): Promise<void>;
  signOut(): Promise<void>;
  idOf(role: Role): Promise<UserId>;
  /** Types of the newest entries, newest first. */
  logged(): Promise<readonly LogEventType[]>;
  leafOf(type: LogEventType): Promise<ReadLeaf>;
};

/** For each test of the file that calls this: a vault at its first run, stopped and deleted behind the test. */
export function useVaultHome(): VaultHome {
  let folder = '';
  let played: PlayedVault;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloister-vault-'));
    played = await startPlayedVault(folder, 'launch');
  });
  afterEach(() => {
    played.vault.stop();
    rmSync(folder, { recursive: true });
  });

  const value: VaultHome['value'] = (name, input) => valueFrom(played.page, name, input);
  const startAnother = async (because: StartMessage['startedBecause']): Promise<void> => {
    played = await startPlayedVault(folder, because);
  };
  const restart = async (because: StartMessage['startedBecause'] = 'launch'): Promise<void> => {
    played.vault.stop();
    await startAnother(because);
  };
  return {
    get folder() {
      return folder;
    },
    get vault() {
      return played.vault;
    },
    get page() {
      return played.page;
    },
    get model() {
      return played.model;
    },
    get posted() {
      return played.posted;
    },
    get blocked() {
      return played.blocked;
    },
    pass: (delayMs) => {
      played.pass(delayMs);
    },
    value,
    failure: (name, input) => failureFrom(played.page, name, input),
    setUp: () => setUpFrom(played.page),
    signIn: (role, passphrase) => signInFrom(played.page, role, passphrase),
    restart,
    startAnother,
    async signOut() {
      await value('session.signOut', {});
      await restart();
    },
    async idOf(role) {
      const { users } = await value('app.getState', {});
      return userIdSchema.parse(users.find((user) => user.role === role)?.userId);
    },
    async logged() {
      const filter = { before: null, limit: 200, userId: null, type: null, patientReference: null };
      const { rows } = await value('log.list', filter);
      return rows.map(({ type }) => type);
    },
    leafOf: (type) => newestLeaf(played.page, type),
  };
}
