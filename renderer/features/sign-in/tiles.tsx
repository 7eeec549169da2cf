import type { ReactNode } from 'react';
import { roleNames } from '../../../electron/shared/role-names.ts';
import type { AccountTile } from '../../../electron/shared/session-contract.ts';
import { signInStrings as words } from '../../strings/sign-in-strings.ts';

export function Tiles(props: {
  readonly users: readonly AccountTile[];
  readonly chosen: AccountTile | null;
  readonly onChoose: (user: AccountTile) => void;
}): ReactNode {
  return (
    <div className="tiles" role="group" aria-label={words.who}>
      {props.users.map((user) => (
        <button
          type="button"
          className="tile"
          key={user.userId}
          disabled={user.state === 'reset'}
          aria-pressed={props.chosen?.userId === user.userId}
          onClick={() => {
            props.onChoose(user);
          }}
        >
          <span className="initials" aria-hidden="true">
            {initials(user.displayName)}
          </span>
          <span>
            <strong>{user.displayName}</strong>
            <small>{words.tile[user.state] ?? roleNames[user.role]}</small>
          </span>
        </button>
      ))}
    </div>
  );
}

function initials(name: string): string {
  const letters = name.split(/\s+/).map((word) => word.at(0) ?? '');
  return [letters.at(0), letters.length > 1 ? letters.at(-1) : ''].join('').toUpperCase();
}
