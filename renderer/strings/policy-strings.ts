import type { EffectivePolicyView } from '../../electron/shared/policy-data.ts';

export const policyStrings = {
  title: 'Policy',
  detail:
    'What your organisation has set for this computer. It is read from a signed file when Cloister starts.',
  version: 'Version',
  organisation: 'Organisation',
  folder: 'Read from',
  hash: 'SHA-256 of the file',
  none: 'No policy file: every setting has its usual value.',
  columns: { setting: 'Setting', value: 'Value', source: 'Comes from', explanation: 'What it decides' },
  source: {
    default: 'Usual value',
    policy: 'Policy',
    strictest: 'Strictest',
  } satisfies Record<EffectivePolicyView['settings'][number]['source'], string>,
  yes: 'yes',
  no: 'no',
  shortened: (beginning: string, characters: number) => `${beginning}… (${characters} characters)`,
} as const;
