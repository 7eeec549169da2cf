import { useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';

type KeyRequest = 'keys.rotate' | 'keys.rotateLogKey';

/** The keys that outlive every passphrase: a drill with a recovery key, and a new key for the record. */
export function Keys(): ReactNode {
  const [open, setOpen] = useState<'drill' | KeyRequest | null>(null);
  const close = (): void => {
    setOpen(null);
  };
  return (
    <section className="keys" aria-label={words.keysTitle}>
      <h2>{words.keysTitle}</h2>
      <div className="deed">
        <p className="quiet">{words.drillDetail}</p>
        <Button
          onClick={() => {
            setOpen('drill');
          }}
        >
          {words.drill}
        </Button>
      </div>
      <div className="deed">
        <p className="quiet">{words.rotateDetail}</p>
        <Button
          onClick={() => {
            setOpen('keys.rotate');
          }}
        >
          {words.rotate}
        </Button>
      </div>
      <div className="deed">
        <p className="quiet">{words.rotateLogDetail}</p>
        <Button
          onClick={() => {
            setOpen('keys.rotateLogKey');
          }}
        >
          {words.rotateLog}
        </Button>
      </div>
      {open === 'drill' && <Drill onClose={close} />}
      {open === 'keys.rotate' && (
        <Rotate request={open} title={words.rotate} detail={words.rotateDetail} onClose={close} />
      )}
      {open === 'keys.rotateLogKey' && (
        <Rotate request={open} title={words.rotateLog} detail={words.rotateLogDetail} onClose={close} />
      )}
    </section>
  );
}

function Drill({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { vault } = useApp();
  const [identity, setIdentity] = useState('');
  const [left, setLeft] = useState<number | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  async function check(): Promise<void> {
    const result = await vault.request('recovery.drill', { identity });
    setIdentity('');
    setLeft(result.ok ? result.value.left : null);
    setError(result.ok ? null : result.error);
  }

  return (
    <Dialog title={words.drill} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void check();
        }}
      >
        <p>{words.drillDetail}</p>
        <Field
          label={words.drillField}
          value={identity}
          required
          autoFocus
          maxLength={400}
          onText={setIdentity}
        />
        {left !== null && <InfoMessage>{words.drillDone(left)}</InfoMessage>}
        <ErrorMessage error={error} />
        <div className="row">
          <Button onClick={onClose}>{words.close}</Button>
          <Button kind="primary" type="submit" disabled={identity.trim() === ''}>
            {words.drillCheck}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Rotate({
  request,
  title,
  detail,
  onClose,
}: {
  readonly request: KeyRequest;
  readonly title: string;
  readonly detail: string;
  readonly onClose: () => void;
}): ReactNode {
  const { vault } = useApp();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);

  async function rotate(): Promise<void> {
    setBusy(true);
    const result = await vault.request(request, {});
    setBusy(false);
    // The vault that did it is gone, often before its answer arrives; then the sign-in screen is here.
    if (!result.ok && result.error.code !== 'vault-stopped') setError(result.error);
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <p>{detail}</p>
      <ErrorMessage error={error} />
      <div className="row">
        <Button onClick={onClose} disabled={busy}>
          {words.cancel}
        </Button>
        <Button kind="primary" onClick={() => void rotate()} disabled={busy}>
          {words.rotateNow}
        </Button>
      </div>
    </Dialog>
  );
}
