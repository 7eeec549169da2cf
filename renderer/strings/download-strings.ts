import type { DownloadProgress } from '../../electron/shared/download-contract.ts';
import { fileSize } from './file-size.ts';

export const downloadStrings = {
  title: 'Download',
  detail: (source: string) =>
    `Approved models from ${source}. A separate process fetches the file and ends when it is done; it has no way to the record. Whatever comes is checked against the catalogue before it counts.`,
  none: 'The catalogue names no model that can be downloaded.',
  columns: { model: 'Model', size: 'Size', licence: 'Licence', state: 'State', deeds: 'Actions' },
  size: fileSize,
  percent: (fraction: number) => `${Math.floor(fraction * 100)} %`,
  state: {
    absent: 'Not here',
    part: 'Stopped at',
    downloading: 'Downloading',
    checking: 'Checking',
    installed: 'On this computer',
  } satisfies Record<DownloadProgress['state'], string>,
  download: 'Download',
  resume: 'Resume',
  stop: 'Stop',
  discard: 'Delete what has come',
  /** For who hears and does not see which row a button stands in. */
  about: (deed: string, model: string) => `${deed}: ${model}`,
  whileRunning: 'Stay signed in. Locking or signing out stops a download; what has come is kept.',
} as const;
