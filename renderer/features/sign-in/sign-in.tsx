import { LockKeyhole } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { SignedInUser } from '../../../electron/shared/session-contract.ts';
import { roleNames } from '../../../electron/shared/roles.ts';
import { useApp } from '../../app/app-context.ts';
import { signInStrings } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';

export function SignIn(): ReactNode {
  const { state } = useApp();
  const locked = state.users.find((user) => user.userId === state.lockedUserId) ?? null;
  const [notices] = useState(state.notices);
  const [chosen, setChosen] = useState<SignedInUser | null>(locked);
  return (
    <main className="centre">
      <section className="card sign-in">
        <header>
          <p className="quiet">{state.organisation}</p>
          <h1>{locked === null ? signInStrings.title : signInStrings.locked}</h1>
          {locked !== null && (
            <p className="quiet">
              <LockKeyhole aria-hidden="true" size={16} /> {signInStrings.lockedBy(locked.displayName)}
            </p>
          )}
        </header>
        {notices.map((notice) => (
          <InfoMessage key={notice.message}>{notice.message}</InfoMessage>
        ))}
        <div className="tiles" role="group" aria-label={signInStrings.who}>
          {state.users.map((user) => (
            <button
              type="button"
              className="tile"
              key={user.userId}
              aria-pressed={chosen?.userId === user.userId}
              onClick={() => {
                setChosen(user);
              }}
            >
              <span className="initials" aria-hidden="true">
                {initials(user.displayName)}
              </span>
              <span>
                <strong>{user.displayName}</strong>
                <small>{roleNames[user.role]}</small>
              </span>
            </button>
          ))}
        </div>
        {chosen !== null && <PassphraseForm key={chosen.userId} user={chosen} />}
        <p className="hint">
          {state.deviceBinding === 'os-keychain' ? signInStrings.deviceBound : signInStrings.passphraseOnly}
        </p>
      </section>
    </main>
  );
}

function PassphraseForm({ user }: { readonly user: SignedInUser }): ReactNode {
  const { vault, refresh } = useApp();
  const [passphrase, setPassphrase] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function submit(): Promise<void> {
    setBusy(true);
    setError(null);
    const result = await vault.request('session.signIn', { userId: user.userId, passphrase });
    setPassphrase('');
    setBusy(false);
    if (result.ok) await refresh();
    else setError(result.error);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field
        label={signInStrings.passphrase}
        type="password"
        value={passphrase}
        onText={setPassphrase}
        autoFocus
        required
      />
      <ErrorMessage error={error} />
      <Button kind="primary" type="submit" disabled={busy || passphrase === ''}>
        {busy ? signInStrings.opening : signInStrings.signIn}
      </Button>
    </form>
  );
}

function initials(name: string): string {
  const letters = name.split(/\s+/).map((word) => word.at(0) ?? '');
  return [letters.at(0), letters.length > 1 ? letters.at(-1) : ''].join('').toUpperCase();
}
