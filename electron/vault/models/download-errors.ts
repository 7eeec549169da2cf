import type { DownloadFailure } from '../../links/egress-control.ts';
import { appError, type AppError, type AppErrorCode } from '../../shared/app-error.ts';

/** Sentences for IT about downloads. They name no path and no address: the policy has both. */

const failed = (message: string): AppError => appError('download-failed', message);

export const notAllowedByPolicy = appError(
  'not-allowed',
  'The policy of your organisation does not allow downloads (modelDownload). No connection was made. Import the file from a drive, or change the policy.',
);
export const noHost = appError(
  'not-allowed',
  'The policy of your organisation names no host for downloads (modelDownloadHosts). No connection was made. Import the file from a drive, or change the policy.',
);
export const alreadyRunning = appError(
  'invalid-input',
  'Another model is being downloaded. Nothing else was begun. Wait for it or stop it, then try again.',
);
export const cannotBeDownloaded = appError(
  'model-missing',
  'The catalogue does not say where this model can be downloaded. No connection was made. Import the file from a drive.',
);
export const alreadyInstalled = appError(
  'invalid-input',
  'This model is on this computer already. Nothing was downloaded.',
);
export const folderNotWritable = appError(
  'data-folder-not-writable',
  'Cloister may not write to the folder of the models. Nothing was begun. IT: let the folder belong to the account that Cloister runs as.',
);
export const notTheApprovedFile = appError(
  'model-wrong-hash',
  'What was downloaded is not the approved file, so it was deleted and nothing uses it. Download it again; if it happens again, the host hands out another file than the catalogue names.',
);
export const stopped = appError(
  'cancelled',
  'The download was stopped. What has come is kept, and it goes on from there.',
);

export function notEnoughSpace(missingBytes: number): AppError {
  return appError(
    'disk-full',
    `There is not enough space for this model: ${inGigabytes(missingBytes)} GB more are needed. Nothing was begun. Free some space and try again.`,
  );
}

const inGigabytes = (bytes: number): string => (Math.ceil(bytes / 100_000_000) / 10).toFixed(1);

const kept = 'What has come is kept, and it goes on from there.';

export const downloadErrors: Readonly<Record<DownloadFailure, AppError>> = {
  unreachable: failed(
    `The host of the download could not be reached. ${kept} Check the network and the firewall of this computer, then resume.`,
  ),
  interrupted: failed(`The connection broke again and again. ${kept} Resume when the network is better.`),
  stalled: failed(
    `The host sent next to nothing for too long, so the connection was ended. ${kept} Resume later.`,
  ),
  'not-secure': failed(
    `The host could not prove who it is, or offers only weak encryption, so nothing was taken from it. ${kept} A device that looks into encrypted traffic has the same effect: let it pass this host, or name a mirror of your own in the policy (modelMirror).`,
  ),
  'foreign-host': failed(
    `The host sent the download on to a computer that the policy does not name, and no connection was made there. ${kept} If that computer is the right one, add it to modelDownloadHosts in the policy.`,
  ),
  'not-there': failed(
    `The host does not hand out this file. ${kept} Import the file from a drive; some publishers want their terms accepted first.`,
  ),
  'not-a-file': failed(
    `A web page came in the place of the file, often because the network wants a sign-in first. ${kept} Sign in to the network, then resume.`,
  ),
  'wrong-length': failed(
    'The host has a file of another length than the approved one, so it was not taken. Import the file from a drive, or ask for a newer catalogue.',
  ),
  'wrong-content': notTheApprovedFile,
  'disk-full': appError('disk-full', `The disk is full. ${kept} Free some space, then resume.`),
  'disk-failed': failed(
    'What came could not be written to the folder of the models. Nothing of the record is touched. Check the folder and the disk, then try again.',
  ),
};

/** For the record: what became of a download that did not end well. */
export const outcomeOf = (code: AppErrorCode): 'stopped' | 'failed' | 'refused' =>
  code === 'cancelled' ? 'stopped' : code === 'model-wrong-hash' ? 'refused' : 'failed';
