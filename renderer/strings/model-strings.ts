import { fileSize } from './file-size.ts';

export const modelStrings = {
  title: 'Models',
  detail: 'What the catalogue approves. Nothing else is ever loaded.',
  library: 'On this computer',
  none: 'The catalogue names no model.',
  columns: { model: 'Model', use: 'For', size: 'Size', licence: 'Licence', state: 'State' },
  size: fileSize,
  state: ({ isInstalled, isDefault }: { readonly isInstalled: boolean; readonly isDefault: boolean }) =>
    isInstalled ? (isDefault ? 'Here, answers' : 'Here') : 'Not here',
  importDetail:
    'A file from a drive is copied here and checked on the way: it is added only if it is, byte for byte, a model of this list. Its name does not matter.',
  importFile: 'Import from a file',
  stop: 'Stop the import',
  readingFile: 'Reading the file',
  reading: (fraction: number) => `Reading the file ${Math.floor(fraction * 100)} %`,
  added: (name: string) => `${name} was added.`,
} as const;
