import type { Notice, RequestOutput, VaultEvent } from '../../shared/contract.ts';
import type { Suspicion } from '../../shared/log-data.ts';
import { rootOf } from '../log/merkle.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { OpenSession } from './open-session.ts';
import { recordSystemEvent } from './system-events.ts';

/**
 * The record alone cannot tell that it was set back or written anew by somebody who holds its keys. A checkpoint that left
 * the machine can: at each sign-in, and every hour, those in the policy's folder are compared with the record, and then
 * the newest one is put there.
 */
export type Anchoring = {
  /** Compares and writes at once, and says how it went; null where the policy names no folder. */
  now(): Promise<RequestOutput<'log.anchor'> | null>;
  /** What is wrong with this record; null where nothing is known to be. */
  suspicion(): Suspicion | null;
  stop(): void;
};

const hourMs = 3_600_000;

type Deps = {
  readonly session: OpenSession;
  /** Empty: the policy names none. */
  readonly folder: string;
  readonly tasks: Pick<BackgroundTasks, 'checkAnchors' | 'writeAnchor'>;
  readonly post: (event: VaultEvent) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export function beginAnchoring(deps: Deps): Anchoring {
  const { session, folder, tasks } = deps;
  // Of an earlier session too: a share that is down since says nothing in favour of the record.
  let suspicion: Suspicion | null = folder === '' ? null : session.digest.lastMismatch();
  let isOver = folder === '';
  let isSaid = false;
  let running: Promise<RequestOutput<'log.anchor'>> | null = null;
  let cancel = (): void => undefined;

  type Outcome = RequestOutput<'log.anchor'>;
  const nothing = { matching: 0, foreign: 0, size: null } as const;

  function failed(reason: 'unreachable' | 'unchecked' | 'not-written'): Outcome {
    if (isOver) return { ...nothing, outcome: reason, suspicion };
    recordSystemEvent(session, 'log.anchor-failed', 'attention', { reason });
    // Once in a session is enough: the folder of a drive that is not plugged in is no news.
    if (!isSaid) deps.onNotice({ kind: 'attention', message: sentences[reason] });
    isSaid = true;
    return { ...nothing, outcome: reason, suspicion };
  }

  function suspect(kind: Suspicion['kind'], anchorSize: number): Outcome {
    const treeSize = session.log.size();
    suspicion = { kind, anchorSize, treeSize };
    recordSystemEvent(session, 'log.anchor-mismatch', 'attention', suspicion);
    deps.post({ event: 'record.suspect', suspicion });
    return { ...nothing, outcome: 'suspect', suspicion };
  }

  /** The leaf comes first, so that the checkpoint that leaves covers it. */
  async function write(matching: number, foreign: number): Promise<Outcome> {
    const { log, reader } = session;
    const treeSize = log.size();
    const root = rootOf(treeSize, (level, position) => reader.readNode(level, position));
    const outcome = foreign === 0 ? 'success' : 'attention';
    const rootHex = Buffer.from(root).toString('hex');
    recordSystemEvent(session, 'log.anchored', outcome, { treeSize, root: rootHex, matching, foreign });
    if (suspicion !== null) {
      suspicion = null;
      deps.post({ event: 'record.suspect', suspicion });
    }
    const size = log.size();
    log.keepCheckpoint(size);
    const isWritten = await tasks.writeAnchor(session, folder, size);
    return isWritten
      ? { outcome: 'written', matching, foreign, size, suspicion: null }
      : failed('not-written');
  }

  async function compareAndWrite(): Promise<Outcome> {
    const checked = await tasks.checkAnchors(session, folder);
    if (isOver || !checked.ok) return failed('unchecked');
    if (checked.value === null) return failed('unreachable');
    const { problem, matching, foreign, unreadable } = checked.value;
    if (problem !== null) return suspect(problem.kind, problem.anchorSize);
    if (foreign + unreadable > 0 && !isSaid) {
      isSaid = true;
      deps.onNotice({ kind: 'attention', message: foreignSentence });
    }
    return write(matching, foreign + unreadable);
  }

  /** One at a time: whoever asks meanwhile hears how that one went. */
  function once(): Promise<Outcome> {
    running ??= compareAndWrite().finally(() => {
      running = null;
    });
    return running;
  }

  function next(): void {
    if (isOver) return;
    // A share that hangs answers never: then there is no next time either, and nothing else waits for it.
    void once().finally(() => {
      if (!isOver) cancel = deps.after(hourMs, next);
    });
  }

  next();
  return {
    now: async () => (folder === '' ? null : once()),
    suspicion: () => suspicion,
    stop() {
      isOver = true;
      cancel();
    },
  };
}

const sentences = {
  unreachable:
    'The folder for checkpoints that the policy names cannot be reached, so this record was not compared with what left this computer earlier. You can go on. Tell IT.',
  unchecked:
    'This record could not be compared with the checkpoints that left this computer earlier. You can go on. Tell IT.',
  'not-written':
    'The newest checkpoint of this record could not be written to the folder that the policy names. You can go on. Tell IT.',
} as const;
const foreignSentence =
  'In the folder for checkpoints lie files in the name of this record that no key of it has signed, or that cannot be read. You can go on. Tell IT, who compare the newest audit bundle.';
