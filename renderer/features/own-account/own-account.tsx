import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { OwnAccount } from '../../../electron/shared/account-data.ts';
import type { AppError } from '../../../electron/shared/app-error.ts';
import { useApp } from '../../app/app-context.ts';
import { ownAccountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { localTime } from '../log/local-time.ts';
import { ChangePassphrase } from './change-passphrase.tsx';
import { RemoveSecondFactor, SetUpSecondFactor } from './second-factor.tsx';

type Part = 'passphrase' | 'set-up' | 'remove';

/** What everybody may do with the own account: the passphrase and the second factor. */
export function OwnAccountDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { vault } = useApp();
  const [account, setAccount] = useState<OwnAccount | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  const [part, setPart] = useState<Part | null>(null);

  const read = useCallback(async () => {
    const result = await vault.request('account.get', {});
    if (result.ok) setAccount(result.value);
    else setError(result.error);
  }, [vault]);
  useEffect(() => {
    void vault.request('account.get', {}).then((result) => {
      if (result.ok) setAccount(result.value);
      else setError(result.error);
    });
  }, [vault]);
  const done = (): void => {
    setPart(null);
    void read();
  };

  return (
    <Dialog title={words.title} onClose={onClose}>
      <ErrorMessage error={error} />
      {part === 'passphrase' && <ChangePassphrase onDone={done} />}
      {part === 'set-up' && <SetUpSecondFactor onDone={done} />}
      {part === 'remove' && <RemoveSecondFactor onDone={done} />}
      {part === null && account !== null && <Overview account={account} onPart={setPart} onClose={onClose} />}
    </Dialog>
  );
}

function Overview(props: {
  readonly account: OwnAccount;
  readonly onPart: (part: Part) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { passphraseSetAt, secondFactor, secondFactorRequired } = props.account;
  return (
    <>
      <h3>{words.passphrase}</h3>
      <div className="deed">
        <p>{words.passphraseSet(passphraseSetAt === null ? null : localTime(passphraseSetAt))}</p>
        <Button
          onClick={() => {
            props.onPart('passphrase');
          }}
        >
          {words.change}
        </Button>
      </div>
      <h3>{words.factor}</h3>
      <div className="deed">
        <p>
          {secondFactor === null
            ? words.factorNone
            : words.factorSince(localTime(secondFactor.enrolledAt), secondFactor.recoveryCodesLeft)}
          <small>{secondFactorRequired && secondFactor !== null ? words.required : words.factorDetail}</small>
        </p>
        {secondFactor === null ? (
          <Button
            onClick={() => {
              props.onPart('set-up');
            }}
          >
            {words.setUp}
          </Button>
        ) : (
          <Button
            disabled={secondFactorRequired}
            onClick={() => {
              props.onPart('remove');
            }}
          >
            {words.remove}
          </Button>
        )}
      </div>
      <div className="row">
        <Button onClick={props.onClose}>{words.close}</Button>
      </div>
    </>
  );
}
