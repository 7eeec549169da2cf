import { dirname } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { err } from '../../shared/result.ts';
import { isInside, type FileGrants } from '../file-grants.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import type { OpenSession } from '../session/open-session.ts';
import { proveOwnPassphrase, type OwnPassphraseDeps } from '../session/own-passphrase.ts';
import { recordBackup } from '../session/record-backup.ts';
import type { KeyChanges } from '../session/rotate-key.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { Handlers } from './request-table.ts';

export type BackupDeps = OwnPassphraseDeps & {
  readonly session: () => OpenSession;
  readonly keyring: () => KeyringEditor;
  readonly changes: Pick<KeyChanges, 'decommission'>;
  readonly tasks: BackgroundTasks;
  readonly grants: FileGrants;
  readonly nowIso: () => string;
};

/** A copy of the record for the day on which this computer is gone, and that day itself. */
export function backupHandlers(
  deps: BackupDeps,
): Pick<Handlers, 'backup.make' | 'installation.decommission'> {
  return {
    'backup.make': async ({ fileGrant }) => {
      const refusal = deps.tasks.refusal();
      if (refusal !== null) return err(refusal);
      const path = deps.grants.take(fileGrant, 'backup');
      if (path === null) return err(notChosen);
      const open = deps.session();
      if (isInside(dirname(open.databasePath), path)) return err(notThere);
      return recordBackup(open, deps.tasks, path, deps.nowIso());
    },
    'installation.decommission': async ({ passphrase, fileGrant }) => {
      const refusal = deps.tasks.refusal();
      if (refusal !== null) return err(refusal);
      const path = deps.grants.take(fileGrant, 'backup');
      if (path === null) return err(notChosen);
      const open = deps.session();
      if (isInside(dirname(open.databasePath), path)) return err(notThere);
      const proven = await proveOwnPassphrase(deps, deps.keyring().current(), open, passphrase);
      if (!proven.ok) return proven;
      proven.value?.fill(0);
      return deps.changes.decommission(path);
    },
  };
}

const notChosen = appError(
  'backup-failed',
  'The place for the backup was not chosen in this session. Nothing was written. Choose it again.',
);
const notThere = appError(
  'backup-failed',
  'A backup cannot be saved among the files of Cloister itself. Nothing was written. Choose another drive.',
);
