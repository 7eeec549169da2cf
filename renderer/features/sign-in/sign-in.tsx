import { LockKeyhole } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AccountTile, SignInStep } from '../../../electron/shared/session-contract.ts';
import { useApp } from '../../app/app-context.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { InfoMessage } from '../../ui/message.tsx';
import { PassphraseForm } from './passphrase-form.tsx';
import { RecoverForm } from './recover-form.tsx';
import { SignInSteps } from './sign-in-steps.tsx';
import { Tiles } from './tiles.tsx';

/** From a name on a tile to the open record, one step at a time. What comes next is the vault's to say. */
export function SignIn(): ReactNode {
  const { state, refresh } = useApp();
  const [step, setStep] = useState<SignInStep | null>(null);
  const [recovering, setRecovering] = useState(false);
  const locked = state.users.find((user) => user.userId === state.lockedUserId) ?? null;
  const [chosen, setChosen] = useState<AccountTile | null>(locked);

  function goTo(next: SignInStep): void {
    if (next.next === 'signed-in') void refresh();
    else setStep(next);
  }

  return (
    <main className="centre">
      <section className="card sign-in">
        {step !== null && <SignInSteps step={step} person={chosen} onStep={goTo} />}
        {step === null && recovering && (
          <RecoverForm
            onStep={(next, user) => {
              setChosen(user);
              goTo(next);
            }}
            onCancel={() => {
              setRecovering(false);
            }}
          />
        )}
        {step === null && !recovering && (
          <>
            <Head locked={locked} />
            <Tiles users={state.users} chosen={chosen} onChoose={setChosen} />
            {chosen !== null && <PassphraseForm key={chosen.userId} user={chosen} onStep={goTo} />}
            <p className="hint">
              {state.deviceBinding === 'os-keychain' ? words.deviceBound : words.passphraseOnly}
            </p>
            <Button
              kind="plain"
              className="recover-link"
              onClick={() => {
                setRecovering(true);
              }}
            >
              {words.recoverLink}
            </Button>
          </>
        )}
      </section>
    </main>
  );
}

function Head({ locked }: { readonly locked: AccountTile | null }): ReactNode {
  const { state } = useApp();
  const [notices] = useState(state.notices);
  return (
    <>
      <header>
        <p className="quiet">{state.organisation}</p>
        <h1>{locked === null ? words.title : words.locked}</h1>
        {locked !== null && (
          <p className="quiet">
            <LockKeyhole aria-hidden="true" size={16} /> {words.lockedBy(locked.displayName)}
          </p>
        )}
      </header>
      {notices.map((notice) => (
        <InfoMessage key={notice.message}>{notice.message}</InfoMessage>
      ))}
      {state.policy.problem !== null && (
        <p className="message attention" role="status">
          {state.policy.problem}
        </p>
      )}
      {locked !== null && state.users.length > 1 && <p className="hint">{words.somebodyElse}</p>}
    </>
  );
}
