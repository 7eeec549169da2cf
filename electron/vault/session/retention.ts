import type { Notice, RequestOutput } from '../../shared/contract.ts';
import { openLogIndex } from '../log/log-index.ts';
import { deleteTexts, emptyWriteAheadLog, forgetDrafts } from '../retention/delete-texts.ts';
import { dueTexts, type DueTexts } from '../retention/due-texts.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import type { OpenSession } from './open-session.ts';

/**
 * Texts whose time is over are deleted a while after a sign-in, some at a time, after a leaf that says so. A clock that
 * jumped ahead would make everything due at once: more than `unaskedDays` of the record are deleted only when an
 * administrator has looked at the figures and confirmed.
 */
export type Retention = {
  /** What there is to say about it now. */
  status(): RequestOutput<'retention.get'>;
  /** @returns false where nothing is due, or nothing may be deleted */
  confirm(): boolean;
  stop(): void;
};

const unaskedDays = 45;
const dayMs = 24 * 3_600_000;
const firstAfterMs = 60_000;
/** Tens of milliseconds, so that nobody who types notices. */
const entriesAtOnce = 100;
const pauseMs = 200;

type Deps = {
  readonly session: Pick<OpenSession, 'database' | 'log' | 'actor'>;
  readonly rules: Pick<PolicySettings, 'retentionYears' | 'legalHold'>;
  readonly nowMs: () => number;
  readonly onNotice: (notice: Notice) => void;
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export function beginRetention(deps: Deps): Retention {
  const { session, rules } = deps;
  const { database, log, actor } = session;
  const index = openLogIndex(database);
  let isOver = false;
  let cancel = deps.after(firstAfterMs, () => {
    begin(false);
  });

  function due(): DueTexts | null {
    if (rules.legalHold) return null;
    index.catchUp();
    return dueTexts(database, rules.retentionYears, deps.nowMs());
  }

  const needsConfirmation = ({ before, oldestAt }: DueTexts): boolean =>
    Date.parse(before) - Date.parse(oldestAt) > unaskedDays * dayMs;

  /** A leaf that covers them may be there already: whoever was killed in the middle goes on without another one. */
  function record({ to, before }: DueTexts): void {
    const { covered } = database
      .prepare<[], { covered: number }>('SELECT coalesce(max(covered_to), 0) AS covered FROM retention_steps')
      .get() ?? { covered: 0 };
    if (covered >= to) return;
    log.append(
      {
        type: 'retention.applied',
        actor: { id: null, role: 'system' },
        session: actor.sessionId,
        patient: null,
        outcome: 'success',
        data: { to, before, years: rules.retentionYears },
        texts: {},
      },
      (seq) => {
        database
          .prepare<[number, number], never>('INSERT INTO retention_steps (seq, covered_to) VALUES (?, ?)')
          .run(seq, to);
      },
    );
  }

  function begin(isConfirmed: boolean): boolean {
    const found = isOver ? null : due();
    if (found === null) {
      forgetTraces();
      return false;
    }
    if (!isConfirmed && needsConfirmation(found)) {
      const isAsked = actor.role === 'it-admin' || actor.role === 'sole-practitioner';
      if (isAsked) deps.onNotice({ kind: 'attention', message: toConfirm(found) });
      return false;
    }
    record(found);
    step(found);
    return true;
  }

  function step(found: DueTexts): void {
    if (isOver) return;
    if (deleteTexts(database, index, found.to, entriesAtOnce) === entriesAtOnce)
      cancel = deps.after(pauseMs, () => {
        step(found);
      });
    else {
      forgetDrafts(database, found.before);
      forgetTraces();
    }
  }

  /** Also of an earlier session, which may have been ended before it came to this. */
  function forgetTraces(): void {
    if (isOver || emptyWriteAheadLog(database)) return;
    cancel = deps.after(firstAfterMs, forgetTraces);
  }

  return {
    status() {
      const found = due();
      return {
        years: rules.retentionYears,
        legalHold: rules.legalHold,
        due: found === null ? null : { ...found, needsConfirmation: needsConfirmation(found) },
      };
    },
    confirm() {
      cancel();
      return begin(true);
    },
    stop() {
      isOver = true;
      cancel();
    },
  };
}

const toConfirm = ({ entries, oldestAt, before }: DueTexts): string =>
  `By the clock of this computer the texts of ${entries} entries, from ${oldestAt.slice(0, 10)} on, are older than ${before.slice(0, 10)} and would be deleted now. That is much at once, so nothing was deleted. If date and rule are right, confirm it on the screen of the record.`;
