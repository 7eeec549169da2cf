import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { Result } from '../../../electron/shared/result.ts';
import type { AccountTile, SignInStep } from '../../../electron/shared/session-contract.ts';
import { useApp } from '../../app/app-context.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { NewPassphrase } from '../../ui/new-passphrase.tsx';
import { RecoveryCodes, SecondFactorKey } from '../own-account/second-factor.tsx';
import { FactorForm } from './factor-form.tsx';

/** What comes between the passphrase and the open record. Each step can be cancelled; then nothing was opened. */
export function SignInSteps(props: {
  readonly step: SignInStep;
  readonly person: AccountTile | null;
  readonly onStep: (step: SignInStep) => void;
}): ReactNode {
  const { vault, state } = useApp();
  const { step, person } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function take(asked: Promise<Result<SignInStep>>): Promise<void> {
    setBusy(true);
    const result = await asked;
    setBusy(false);
    setError(result.ok ? null : result.error);
    if (result.ok) props.onStep(result.value);
  }
  const giveCode = (code: string): void => {
    void take(vault.request('session.giveSecondFactor', { code }));
  };
  /** The vault that opened the record for this sign-in ends; a fresh screen follows. */
  const cancel = (): void => {
    void vault.request('session.cancelSignIn', {});
  };

  switch (step.next) {
    case 'signed-in':
      return null;
    case 'second-factor':
      return (
        <>
          <h1>{words.factorTitle}</h1>
          <FactorForm busy={busy} error={error} recoveryCodes onCode={giveCode} onCancel={cancel} />
        </>
      );
    case 'choose-passphrase':
      return (
        <>
          <h1>{words.chooseTitle}</h1>
          <p>{words.chooseBecause[step.because]}</p>
          <NewPassphrase
            personal={[person?.displayName ?? '', state.organisation ?? '']}
            button={words.choose}
            busy={busy}
            error={error}
            onChosen={(passphrase) => {
              void take(vault.request('session.choosePassphrase', { passphrase }));
            }}
            onCancel={cancel}
          />
        </>
      );
    case 'enrol-second-factor':
      return (
        <>
          <h1>{words.enrolTitle}</h1>
          <p>{words.enrolDetail}</p>
          <SecondFactorKey enrolment={step} />
          <FactorForm busy={busy} error={error} recoveryCodes={false} onCode={giveCode} onCancel={cancel} />
        </>
      );
    case 'keep-recovery-codes':
      return (
        <RecoveryCodes
          codes={step.codes}
          button={words.goOn}
          onKept={() => {
            void take(vault.request('session.continue', {}));
          }}
        />
      );
  }
}
