import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { SessionEndReason } from '../../shared/session-end.ts';
import { syncFolder } from '../keys/durable-file.ts';
import { recordBackup } from '../session/record-backup.ts';
import { recordEvent } from '../session/record-event.ts';
import type { SignedIn } from '../session/signed-in.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import { certificateFiles } from './certificate.ts';
import { destroyInstallation } from './destroy-installation.ts';

/** Beside the certificate: a backup like any other, for a restore. */
const backupFolder = 'backup';

export type DecommissionDeps = {
  readonly folder: string;
  readonly signedIn: () => SignedIn;
  readonly tasks: Pick<BackgroundTasks, 'backUp'>;
  readonly nowIso: () => string;
  readonly closeSession: (because: Exclude<SessionEndReason, 'locked'>) => void;
};

/**
 * The end of this computer's use for Cloister. The record goes into a last backup, which is read back to the last entry and
 * gets the signed certificate; only when all of that is on the disk are the keys here destroyed. Until then every failure
 * leaves the installation as it was, and says so in the record.
 * @param path of a new folder, which gets the backup, as `backup`, and the certificate
 */
export async function decommission(
  deps: DecommissionDeps,
  path: string,
): Promise<Result<Record<string, never>>> {
  const { session: open, recorder, spooling, retention } = deps.signedIn();
  recorder.abort('signed-out');
  // It comes first, so that the backup, and a record restored from it, tell of it.
  recordEvent(open, { type: 'installation.decommissioned', data: {} });
  const kept = await keepInNewFolder(deps, path);
  if (!kept.ok) {
    recordEvent(open, { type: 'installation.decommissioned', outcome: 'failed', data: {} });
    return kept;
  }
  spooling.stop();
  retention.stop();
  open.close();
  try {
    destroyInstallation(deps.folder);
  } finally {
    deps.closeSession('decommissioned');
  }
  return ok({});
}

async function keepInNewFolder(deps: DecommissionDeps, path: string): Promise<Result<void>> {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch {
    return err(notWritable);
  }
  const kept = await keep(deps, path);
  // Where the backup is whole and the rest failed, it stays.
  if (!kept.ok && readdirSync(path).length === 0) rmdirSync(path);
  return kept;
}

async function keep(deps: DecommissionDeps, path: string): Promise<Result<void>> {
  const { session: open, keyring } = deps.signedIn();
  const backup = await recordBackup(open, deps.tasks, join(path, backupFolder), deps.nowIso());
  if (!backup.ok) return backup;
  // Whoever was locked out meanwhile has destroyed nothing.
  if (deps.signedIn().session !== open) return err(notCertified);
  const { treeSize, checkpoint } = backup.value;
  // An entry that came meanwhile would be on this computer alone.
  if (open.log.size() !== treeSize) return err(grewMeanwhile);
  const { installationId, organisationName, users, recovery } = keyring.current();
  const files = certificateFiles(
    {
      installationId,
      organisationName,
      origin: open.origin,
      at: deps.nowIso(),
      userId: open.actor.userId,
      accounts: users.filter(({ state }) => state !== 'disabled').length,
      recoveryKeys: recovery.length,
      checkpoint,
    },
    open.logSeed,
  );
  const written: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      written.push(join(path, name));
      writeSynced(join(path, name), text);
    }
    syncFolder(path);
    syncFolder(dirname(path));
    return ok(undefined);
  } catch {
    // A certificate of what did not happen must not stay.
    for (const each of written) rmSync(each, { force: true });
    return err(notCertified);
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const unchanged = 'This computer was not retired, and the record is as it was.';
const grewMeanwhile = appError(
  'backup-failed',
  `Something was recorded while the last backup was made, so it would not be in it. ${unchanged} The backup is whole; delete it or keep it, and try again.`,
);
const notWritable = appError(
  'backup-failed',
  `There is a file or folder of that name already, or Cloister may not write there. ${unchanged} Choose another name or another drive.`,
);
const notCertified = appError(
  'backup-failed',
  `The certificate could not be written beside the backup. ${unchanged} Free some space or choose another drive, and try again.`,
);
