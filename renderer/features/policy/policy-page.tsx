import { useEffect, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { EffectivePolicyView } from '../../../electron/shared/policy-data.ts';
import { useApp } from '../../app/app-context.ts';
import { policyStrings as words } from '../../strings/policy-strings.ts';
import { ErrorMessage } from '../../ui/message.tsx';
import { ColumnHeads } from '../../ui/column-heads.tsx';

/** Every setting in force, with where it comes from: for IT, in IT's terms. */
export function PolicyPage(): ReactNode {
  const { vault } = useApp();
  const [policy, setPolicy] = useState<EffectivePolicyView | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  useEffect(() => {
    void vault.request('policy.get', {}).then((result) => {
      if (result.ok) setPolicy(result.value);
      else setError(result.error);
    });
  }, [vault]);

  return (
    <main className="page">
      <header className="page-head">
        <div>
          <h1>{words.title}</h1>
          <p className="quiet">{words.detail}</p>
        </div>
      </header>
      <ErrorMessage error={error} />
      {policy !== null && <PolicyView policy={policy} />}
    </main>
  );
}

function PolicyView({ policy }: { readonly policy: EffectivePolicyView }): ReactNode {
  return (
    <>
      {policy.problem !== null && (
        <p className="message attention" role="alert">
          {policy.problem}
        </p>
      )}
      <dl className="facts">
        <dt>{words.folder}</dt>
        <dd className="code-inline">{policy.folder}</dd>
        {policy.version === null ? (
          <>
            <dt>{words.version}</dt>
            <dd>{policy.problem === null ? words.none : '–'}</dd>
          </>
        ) : (
          <>
            <dt>{words.organisation}</dt>
            <dd>{policy.organisation}</dd>
            <dt>{words.version}</dt>
            <dd>{policy.version}</dd>
          </>
        )}
        {policy.sha256 !== null && (
          <>
            <dt>{words.hash}</dt>
            <dd className="code-inline">{policy.sha256}</dd>
          </>
        )}
      </dl>
      <section className="log-list" aria-label={words.title}>
        <div className="table-scroll">
          <table>
            <ColumnHeads columns={words.columns} />
            <tbody>
              {policy.settings.map(({ name, value, source, explanation }) => (
                <tr key={name}>
                  <th scope="row" className="code-inline">
                    {name}
                  </th>
                  <td className="wrap value">{inWords(value)}</td>
                  <td>
                    <span className={source === 'strictest' ? 'sign attention' : 'quiet'}>
                      {words.source[source]}
                    </span>
                  </td>
                  <td className="quiet wrap">{explanation}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

/** The whole of a certificate or of many keys says nothing to a reader, and it stands in the file. */
const longestValue = 120;

function inWords(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  const text = String(value);
  return text.length <= longestValue ? text : words.shortened(text.slice(0, longestValue / 3), text.length);
}
