import { isAbsolute } from 'node:path';
import type { ThemePreference } from '../shared/shell-contract.ts';

/** What a development or test run may set from outside. All null or false in a package: there the environment decides nothing. */
export type DevelopmentSettings = {
  readonly dataFolder: string | null;
  readonly modelsFolder: string | null;
  readonly cataloguePath: string | null;
  readonly policyFolder: string | null;
  readonly testHooksFile: string | null;
  readonly theme: ThemePreference | null;
  /** For pictures of the whole desktop in the documentation. */
  readonly screenCaptureAllowed: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

export function readDevelopmentSettings(environment: Environment, isPackaged: boolean): DevelopmentSettings {
  const path = (name: string): string | null => {
    const value = isPackaged ? undefined : environment[name];
    if (value === undefined || value === '') return null;
    if (!isAbsolute(value)) throw new Error(`${name} must be an absolute path`);
    return value;
  };
  return {
    dataFolder: path('CLOISTER_DATA_FOLDER'),
    modelsFolder: path('CLOISTER_MODELS_FOLDER'),
    cataloguePath: path('CLOISTER_CATALOGUE'),
    policyFolder: path('CLOISTER_POLICY_FOLDER'),
    testHooksFile: path('CLOISTER_TEST_HOOKS'),
    theme: isPackaged ? null : theme(environment['CLOISTER_THEME']),
    screenCaptureAllowed: !isPackaged && environment['CLOISTER_SCREEN_CAPTURE'] === 'allowed',
  };
}

function theme(value: string | undefined): ThemePreference | null {
  if (value === undefined || value === '') return null;
  if (value === 'system' || value === 'light' || value === 'dark') return value;
  throw new Error('CLOISTER_THEME must be system, light or dark');
}
