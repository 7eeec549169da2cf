import { UserPlus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { UserId } from '../../../electron/shared/ids.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import { AccountsTable } from './accounts-table.tsx';
import { AddPerson } from './add-person.tsx';
import { Backup } from './backup.tsx';
import { Keys } from './keys.tsx';
import { ManagePerson } from './manage-person.tsx';
import { OneTimeCode } from './one-time-code.tsx';
import { useAccounts } from './use-accounts.ts';

type Open =
  | { readonly kind: 'add' }
  | { readonly kind: 'manage'; readonly userId: UserId }
  | { readonly kind: 'code'; readonly name: string; readonly code: string };

export function AccountsPage(): ReactNode {
  const accounts = useAccounts();
  const [open, setOpen] = useState<Open | null>(null);
  const close = (): void => {
    accounts.forgetError();
    setOpen(null);
  };
  const showCode = (name: string, code: string): void => {
    setOpen({ kind: 'code', name, code });
  };
  const managed =
    open?.kind === 'manage' ? accounts.rows.find(({ userId }) => userId === open.userId) : undefined;

  return (
    <main className="page">
      <header className="page-head">
        <div>
          <h1>{words.title}</h1>
          <p className="quiet">{words.detail}</p>
        </div>
        <span className="spacer" />
        <Button
          kind="primary"
          onClick={() => {
            setOpen({ kind: 'add' });
          }}
        >
          <UserPlus aria-hidden="true" size={16} /> {words.add}
        </Button>
      </header>
      {open === null && <ErrorMessage error={accounts.error} />}
      <AccountsTable
        rows={accounts.rows}
        onManage={(userId) => {
          setOpen({ kind: 'manage', userId });
        }}
      />
      <Keys />
      <Backup />
      {open?.kind === 'add' && <AddPerson accounts={accounts} onClose={close} onCode={showCode} />}
      {managed !== undefined && (
        <ManagePerson account={managed} accounts={accounts} onClose={close} onCode={showCode} />
      )}
      {open?.kind === 'code' && <OneTimeCode name={open.name} code={open.code} onDone={close} />}
    </main>
  );
}
