import { useState, type ReactNode } from 'react';
import { roleNames } from '../../../electron/shared/role-names.ts';
import { roleSchema, type Role } from '../../../electron/shared/roles.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';
import type { Accounts } from './use-accounts.ts';

export function AddPerson(props: {
  readonly accounts: Accounts;
  readonly onClose: () => void;
  readonly onCode: (name: string, code: string) => void;
}): ReactNode {
  const { accounts } = props;
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('clinician');

  async function create(): Promise<void> {
    const added = await accounts.ask('accounts.add', { displayName: name, role });
    if (added !== null) props.onCode(name.trim(), added.code);
  }

  return (
    <Dialog title={words.add} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Field label={words.name} value={name} required maxLength={120} autoFocus onText={setName} />
        <fieldset className="plain">
          <legend className="label">{words.role}</legend>
          {roleSchema.options.map((option) => (
            <label key={option} className="choice">
              <input
                type="radio"
                name="role"
                aria-label={roleNames[option]}
                checked={role === option}
                onChange={() => {
                  setRole(option);
                }}
              />
              <span>
                {roleNames[option]}
                <small>{words.roleDetail[option]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <ErrorMessage error={accounts.error} />
        <div className="row">
          <Button onClick={props.onClose}>{words.cancel}</Button>
          <Button kind="primary" type="submit" disabled={accounts.busy || name.trim() === ''}>
            {words.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
