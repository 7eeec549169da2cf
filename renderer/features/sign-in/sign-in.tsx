import { LockKeyhole } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AccountTile, SignInStep } from '../../../electron/shared/session-contract.ts';
import type { Role } from '../../../electron/shared/roles.ts';
import { useApp } from '../../app/app-context.ts';
import { StartNotices } from '../../app/notices.tsx';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { PassphraseForm } from './passphrase-form.tsx';
import { RecoverForm } from './recover-form.tsx';
import { SignInSteps } from './sign-in-steps.tsx';
import { Tiles } from './tiles.tsx';

/** Whose unfinished text there can be. */
const writers: ReadonlySet<Role> = new Set(['clinician', 'sole-practitioner']);

/** From a name on a tile to the open record, one step at a time. What comes next is the vault's to say. */
export function SignIn(): ReactNode {
  const { state, refresh } = useApp();
  const [step, setStep] = useState<SignInStep | null>(null);
  const [recovering, setRecovering] = useState(false);
  const locked = state.users.find((user) => user.userId === state.locked?.userId) ?? null;
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
  const reason = state.locked?.reason;
  return (
    <>
      <header>
        <p className="quiet">{state.organisation}</p>
        <h1>{locked === null ? words.title : words.locked}</h1>
        {locked !== null && reason !== undefined && (
          <p className="quiet">
            <LockKeyhole aria-hidden="true" size={16} />
            {[
              words.lockedFor(locked.displayName, writers.has(locked.role)),
              words.lockedBecause[reason](state.policy.idleLockMinutes),
            ].join(' ')}
          </p>
        )}
      </header>
      <StartNotices />
      {state.policy.problem !== null && (
        <p className="message attention" role="status">
          {state.policy.problem}
        </p>
      )}
      {locked !== null && state.users.length > 1 && <p className="hint">{words.somebodyElse}</p>}
    </>
  );
}
