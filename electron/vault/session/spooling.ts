import type { Notice } from '../../shared/contract.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { OpenSession } from './open-session.ts';
import { recordSystemEvent } from './system-events.ts';

/**
 * What IT's agents collect without anybody signing in for it: after each sign-in, every hour and at the end of a session the
 * entries since the last time are put into the policy's folder, as syslog lines and, where the policy names recipients, as a
 * bundle that only they can open. An entry may come twice (its hash tells), and none is left out: where the end of a session
 * leaves no time, the next session begins with it.
 */
export type Spooling = {
  /** To be called before the session's keys go; the process should live until it is done, if that takes no longer than it may. */
  atEnd(): Promise<void>;
  stop(): void;
};

const hourMs = 3_600_000;

type Deps = {
  readonly session: OpenSession;
  /** Empty: the policy names none. */
  readonly folder: string;
  readonly recipients: readonly string[];
  readonly tasks: Pick<BackgroundTasks, 'spool'>;
  readonly onNotice: (notice: Notice) => void;
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export function beginSpooling(deps: Deps): Spooling {
  const { session, folder, recipients, tasks } = deps;
  let isOver = folder === '';
  let isSaid = false;
  let cancel = (): void => undefined;

  /** The entry that tells of the last time alone is no news. */
  function unspooled(): { readonly from: number; readonly to: number } | null {
    const [from, to] = [session.digest.spooledTo(), session.log.size()];
    return to - from > 1 ? { from, to } : null;
  }

  function failed(reason: 'unreachable' | 'not-written'): void {
    recordSystemEvent(session, 'log.spool-failed', 'attention', { reason });
    if (!isSaid) deps.onNotice({ kind: 'attention', message: sentences[reason] });
    isSaid = true;
  }

  async function step(): Promise<void> {
    const span = unspooled();
    if (span === null) return;
    const done = await tasks.spool(session, { folder, recipients, ...span });
    if (isOver) return;
    if (done !== 'written') return failed(done);
    recordSystemEvent(session, 'log.spooled', 'success', { ...span, recipients: recipients.length });
  }

  function next(): void {
    if (isOver) return;
    void step().finally(() => {
      if (!isOver) cancel = deps.after(hourMs, next);
    });
  }

  next();
  return {
    async atEnd() {
      const span = isOver ? null : unspooled();
      if (span !== null) await tasks.spool(session, { folder, recipients, ...span });
    },
    stop() {
      isOver = true;
      cancel();
    },
  };
}

const sentences = {
  unreachable:
    'The folder that the policy names for IT (spoolFolder) cannot be reached, so nothing was put there. You can go on. Tell IT.',
  'not-written':
    'The newest entries could not be written to the folder that the policy names for IT (spoolFolder). You can go on. Tell IT.',
} as const;
