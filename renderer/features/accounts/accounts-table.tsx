import type { ReactNode } from 'react';
import type { AccountRow } from '../../../electron/shared/account-data.ts';
import type { UserId } from '../../../electron/shared/ids.ts';
import { roleNames } from '../../../electron/shared/role-names.ts';
import { useApp } from '../../app/app-context.ts';
import { accountStrings as words } from '../../strings/account-strings.ts';
import { Button } from '../../ui/button.tsx';
import { localTime } from '../log/local-time.ts';
import { ColumnHeads } from '../../ui/column-heads.tsx';

export function AccountsTable(props: {
  readonly rows: readonly AccountRow[];
  readonly onManage: (userId: UserId) => void;
}): ReactNode {
  const { state } = useApp();
  return (
    <section className="log-list" aria-label={words.title}>
      <div className="table-scroll">
        <table>
          <ColumnHeads columns={words.columns} />
          <tbody>
            {props.rows.map((row) => (
              <tr key={row.userId}>
                <th scope="row">
                  {row.displayName}
                  {row.userId === state.user?.userId && <span className="quiet"> ({words.you})</span>}
                </th>
                <td>{roleNames[row.role]}</td>
                <td>
                  <span className={row.state === 'active' ? 'quiet' : 'sign attention'}>
                    {words.state[row.state]}
                  </span>
                  {row.mustChangePassphrase && <small>{words.mustChange}</small>}
                </td>
                <td className="quiet">{row.secondFactor ? words.factorYes : words.factorNo}</td>
                <td className="figures quiet">
                  {row.lastSignInAt === null ? words.never : localTime(row.lastSignInAt)}
                </td>
                <td>
                  {row.failures > 0 && (
                    <span className="sign attention">{words.wrong(row.failures, row.waiting)}</span>
                  )}
                </td>
                <td>
                  <Button
                    aria-label={words.manageWho(row.displayName)}
                    onClick={() => {
                      props.onManage(row.userId);
                    }}
                  >
                    {words.manage}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
