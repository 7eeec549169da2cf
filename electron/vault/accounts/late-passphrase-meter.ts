import type { PassphraseRules } from './passphrase-rules.ts';
import type { PassphraseMeter, PassphraseStrength } from './passphrase-strength.ts';

export type LatePassphraseMeter = (
  passphrase: string,
  personal: readonly string[],
) => Promise<PassphraseStrength>;

/**
 * The meter's word lists take some 40 MB and a tenth of a second: they are loaded when the first passphrase is chosen, which on
 * most days is never.
 */
export function createLatePassphraseMeter(currentRules: () => PassphraseRules): LatePassphraseMeter {
  let meter: Promise<PassphraseMeter> | null = null;
  return async (passphrase, personal) => {
    meter ??= import('./passphrase-strength.ts').then(({ createPassphraseMeter }) =>
      createPassphraseMeter(currentRules),
    );
    return (await meter)(passphrase, personal);
  };
}
