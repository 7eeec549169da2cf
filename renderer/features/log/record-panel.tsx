import { ShieldCheck, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { LogRecord } from '../../../electron/shared/log-data.ts';
import type { Entry } from '../../../electron/shared/ids.ts';
import { eventNames } from '../../../electron/shared/event-names.ts';
import { fieldNames, logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { localDate, localTime } from './local-time.ts';
import { Replay } from './replay.tsx';

function PayloadText({ field, text }: { readonly field: string; readonly text: string }): ReactNode {
  const testId = `payload-${field}`;
  if (field !== 'diff') return <pre data-testid={testId}>{text}</pre>;
  return (
    <pre data-testid={testId} className="diff">
      {text.split('\n').map((line, index) => (
        // Lines of a recorded text never move.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index} data-change={changeOf(line)}>
          {`${line}\n`}
        </span>
      ))}
    </pre>
  );
}

function changeOf(line: string): 'added' | 'removed' | 'place' | undefined {
  if (/^(---|\+\+\+|@@|\\)/.test(line)) return 'place';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : undefined;
}

function Link(props: {
  readonly entry: Entry;
  readonly onOpen: (entry: Entry) => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Button
      kind="plain"
      onClick={() => {
        props.onOpen(props.entry);
      }}
    >
      {props.children}
    </Button>
  );
}

/** A request or its answer, whose text this person may read. */
function isReplayable({ row, payloads }: LogRecord): boolean {
  const isTurn = row.type === 'prompt.submitted' || row.type.startsWith('response.');
  return isTurn && payloads.every(({ text }) => text !== null);
}

export function RecordPanel(props: {
  readonly record: LogRecord;
  readonly onOpen: (entry: Entry) => void;
  readonly onCorrect: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const { record, onOpen } = props;
  const { row, inclusion, counterpart, corrects, correctedBy } = record;
  return (
    <aside className="record" aria-label={words.details(row.entry)}>
      <header className="pane-head">
        <h2>{eventNames[row.type]}</h2>
        <span className="spacer" />
        <Button kind="plain" aria-label={words.close} onClick={props.onClose}>
          <X aria-hidden="true" size={18} />
        </Button>
      </header>
      <p className="quiet figures">
        {words.details(row.entry)} · {localTime(row.at)} · {row.actorName ?? words.system}
      </p>
      <p className={inclusion.proven ? 'sign good' : 'sign harm'}>
        <ShieldCheck aria-hidden="true" size={16} />{' '}
        {inclusion.proven ? words.proven(inclusion.treeSize) : words.notProven}
      </p>
      <p className="hint">{inclusion.proven ? words.provenMeans : words.notProvenMeans}</p>
      <p className="quiet">
        {row.review === null
          ? words.notReviewed
          : words.reviewedBy(row.review.name, localDate(row.review.at))}
        {row.model !== null && ` · ${words.model}: ${row.model}`}
      </p>
      {counterpart !== null && (
        <Link entry={counterpart} onOpen={onOpen}>
          {words.counterpart(counterpart)}
        </Link>
      )}
      {corrects !== null && (
        <Link entry={corrects} onOpen={onOpen}>
          {words.corrects(corrects)}
        </Link>
      )}
      {correctedBy.map((entry) => (
        <Link key={entry} entry={entry} onOpen={onOpen}>
          {words.correctedBy(entry)}
        </Link>
      ))}
      {record.payloads.map((payload) => (
        <section key={payload.field} className="payload">
          <h3>{fieldNames[payload.field] ?? payload.field}</h3>
          {payload.text === null ? (
            <p className="hint">{words.withheldFor[payload.withheld ?? 'role']}</p>
          ) : (
            <PayloadText field={payload.field} text={payload.text} />
          )}
          {payload.withheld !== 'disposed' && !payload.matchesCommitment && (
            <p className="message harm" role="alert">
              {words.mismatch}
            </p>
          )}
        </section>
      ))}
      {isReplayable(record) && <Replay key={row.entry} entry={row.entry} />}
      <details>
        <summary>{words.exact}</summary>
        <pre className="code-block">{record.leafJson}</pre>
        <p className="code-inline">{record.leafHash}</p>
      </details>
      {record.correctable && <Button onClick={props.onCorrect}>{words.correct}</Button>}
    </aside>
  );
}
