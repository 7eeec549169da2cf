import { useId, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { AccountTile, SignInStep } from '../../../electron/shared/session-contract.ts';
import { useApp } from '../../app/app-context.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

/** A key file has a few lines; what is larger is no key, and the vault says so in its words. */
const longestKeyFile = 400;

/** The last way in: an offline recovery key, and a new passphrase for one administrator. */
export function RecoverForm(props: {
  readonly onStep: (step: SignInStep, user: AccountTile) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const { vault, state } = useApp();
  const administrators = state.users.filter(
    ({ role }) => role === 'it-admin' || role === 'sole-practitioner',
  );
  const [userId, setUserId] = useState(administrators[0]?.userId ?? '');
  const [identity, setIdentity] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const id = useId();

  async function recover(): Promise<void> {
    const user = administrators.find((candidate) => candidate.userId === userId);
    if (user === undefined) return;
    setBusy(true);
    const result = await vault.request('session.recover', { userId: user.userId, identity });
    setBusy(false);
    setIdentity('');
    if (result.ok) props.onStep(result.value, user);
    else setError(result.error);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void recover();
      }}
    >
      <h1>{words.recoverTitle}</h1>
      <p>{words.recoverDetail}</p>
      <div className="field">
        <label htmlFor={id}>{words.recoverWho}</label>
        <select
          id={id}
          value={userId}
          onChange={(event) => {
            setUserId(event.target.value);
          }}
        >
          {administrators.map((user) => (
            <option key={user.userId} value={user.userId}>
              {user.displayName}
            </option>
          ))}
        </select>
      </div>
      <Field
        label={words.recoverKey}
        value={identity}
        required
        autoFocus
        maxLength={400}
        onText={setIdentity}
      />
      <label className="button plain file-button">
        {words.recoverFile}
        <input
          type="file"
          accept=".txt"
          aria-label={words.recoverFile}
          onChange={(event) => {
            const file = event.target.files?.item(0);
            event.target.value = '';
            if (file !== null && file !== undefined && file.size < longestKeyFile)
              void file.text().then(setIdentity, () => undefined);
          }}
        />
      </label>
      <ErrorMessage error={error} />
      <div className="row">
        <Button onClick={props.onCancel} disabled={busy}>
          {words.cancel}
        </Button>
        <Button kind="primary" type="submit" disabled={busy || identity.trim() === ''}>
          {busy ? words.opening : words.recover}
        </Button>
      </div>
    </form>
  );
}
