import { useState, type ReactNode } from 'react';
import type { AccountRow } from '../../../electron/shared/account-data.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { useApp } from '../../app/app-context.ts';
import { ErrorMessage } from '../../ui/message.tsx';
import type { Accounts } from './use-accounts.ts';

/** Everything that can be done with one account, each with what it means. */
export function ManagePerson(props: {
  readonly account: AccountRow;
  readonly accounts: Accounts;
  readonly onClose: () => void;
  readonly onCode: (name: string, code: string) => void;
}): ReactNode {
  const { account, accounts } = props;
  const isSelf = useApp().state.user?.userId === account.userId;
  const { userId } = account;
  const [name, setName] = useState(account.displayName);

  async function issueCode(): Promise<void> {
    const issued = await accounts.ask('accounts.issueCode', { userId });
    if (issued !== null) props.onCode(account.displayName, issued.code);
  }
  const simple = (
    request:
      | 'accounts.forceNewPassphrase'
      | 'accounts.removeSecondFactor'
      | 'accounts.clearAttempts'
      | 'accounts.disable',
  ) => {
    void accounts.ask(request, { userId }).then((done) => {
      if (done !== null) props.onClose();
    });
  };

  return (
    <Dialog title={words.manageWho(account.displayName)} onClose={props.onClose}>
      <form
        className="with-button"
        onSubmit={(event) => {
          event.preventDefault();
          void accounts.ask('accounts.rename', { userId, displayName: name });
        }}
      >
        <Field label={words.name} value={name} required maxLength={120} onText={setName} />
        <Button type="submit" disabled={accounts.busy || name.trim() === '' || name === account.displayName}>
          {words.rename}
        </Button>
      </form>
      {isSelf && <p className="quiet">{words.ownAccount}</p>}
      {isSelf ? null : account.state === 'disabled' ? (
        <Deed name={words.enable} detail={words.enableDetail} onDo={() => void issueCode()} />
      ) : (
        <>
          <Deed name={words.code} detail={words.codeDetail} onDo={() => void issueCode()} />
          {account.state === 'active' && !account.mustChangePassphrase && (
            <Deed
              name={words.force}
              detail={words.forceDetail}
              onDo={() => {
                simple('accounts.forceNewPassphrase');
              }}
            />
          )}
          {account.secondFactor && (
            <Deed
              name={words.removeFactor}
              detail={words.removeFactorDetail}
              onDo={() => {
                simple('accounts.removeSecondFactor');
              }}
            />
          )}
          {account.failures > 0 && (
            <Deed
              name={words.clear}
              detail={words.clearDetail}
              onDo={() => {
                simple('accounts.clearAttempts');
              }}
            />
          )}
          <Deed
            name={words.disable}
            detail={words.disableDetail}
            sure={words.disableSure}
            onDo={() => {
              simple('accounts.disable');
            }}
          />
        </>
      )}
      <ErrorMessage error={accounts.error} />
      <div className="row">
        <Button onClick={props.onClose}>{words.close}</Button>
      </div>
    </Dialog>
  );
}

function Deed(props: {
  readonly name: string;
  readonly detail: string;
  /** What is clicked in its place at the second click, for a deed that takes effect at once for somebody else. */
  readonly sure?: string;
  readonly onDo: () => void;
}): ReactNode {
  const [asked, setAsked] = useState(false);
  const { sure } = props;
  return (
    <div className="deed">
      <p className="quiet">{props.detail}</p>
      {sure === undefined || asked ? (
        <Button className={sure === undefined ? 'deed-button' : 'harm'} onClick={props.onDo}>
          {sure ?? props.name}
        </Button>
      ) : (
        <Button
          className="harm"
          onClick={() => {
            setAsked(true);
          }}
        >
          {props.name}
        </Button>
      )}
    </div>
  );
}
