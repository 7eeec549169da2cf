import type { FromVault } from '../../links/vault-control.ts';
import type { LockReason } from '../../shared/lock-reason.ts';
import type { SessionEndReason } from '../../shared/session-end.ts';
import type { ModelArrivals } from '../models/model-arrivals.ts';
import { recordSessionEnd, type SessionEnd } from '../requests/session-requests.ts';
import type { TestHooks } from '../test-hooks.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';
import type { SignedIn } from './signed-in.ts';

/** The ways in which a session ends. Each of them ends the process that knew keys and text, whatever the disk says. */
export type Endings = {
  endSession(end: SessionEnd): void;
  /** The last leaves are written already. */
  closeSession(because: Exclude<SessionEndReason, 'locked'>): void;
  /** A sign-in that is not finished has opened the record all the same: the process goes, as after a session. */
  abandonSignIn(): void;
  /** The process goes; nobody was signed in. */
  leave(): void;
  /** The app ends. */
  stop(): void;
};

export function createEndings(deps: {
  readonly signedIn: () => SignedIn | null;
  readonly forgetSignedIn: () => void;
  readonly pending: () => OpenSession | null;
  readonly arrivals: Pick<ModelArrivals, 'stop'>;
  readonly tasks: BackgroundTasks;
  readonly hooks: TestHooks;
  readonly post: (message: FromVault) => void;
  readonly exitSoon: (after?: Promise<void>) => void;
  /** What the graphics are being tried for is not waited for, and says nothing about them. */
  readonly leaveGraphics: () => void;
}): Endings {
  function exitSoon(after?: Promise<void>): void {
    deps.leaveGraphics();
    deps.exitSoon(after);
  }

  function closeSession(because: SessionEndReason, lockReason: LockReason | null = null): void {
    const signedIn = deps.signedIn();
    if (signedIn === null) return;
    const spooled = close(signedIn);
    deps.post({ kind: 'session-ended', because, userId: signedIn.user.userId, lockReason });
    exitSoon(spooled);
  }

  function close({ idle, anchoring, commands, spooling, retention, session }: SignedIn): Promise<void> {
    commands.close();
    deps.tasks.discard();
    idle.stop();
    anchoring.stop();
    retention.stop();
    // It takes copies of the keys, in a thread of its own that ends with this process at the latest.
    const spooled = spooling.atEnd();
    spooling.stop();
    session.close();
    deps.forgetSignedIn();
    deps.hooks.flush();
    return spooled;
  }

  return {
    closeSession,
    leave: () => {
      deps.post({ kind: 'session-ended', because: 'signed-out', userId: null, lockReason: null });
      exitSoon();
    },
    endSession(end) {
      const signedIn = deps.signedIn();
      if (signedIn === null) throw new Error('nobody is signed in');
      try {
        signedIn.commands.close();
        deps.arrivals.stop();
        recordSessionEnd(signedIn, end);
      } finally {
        closeSession(end.kind, end.kind === 'locked' ? end.reason : null);
      }
    },
    abandonSignIn() {
      const open = deps.pending();
      if (open === null) return;
      const { userId } = open.actor;
      try {
        recordEvent(open, {
          type: 'session.sign-in-failed',
          outcome: 'refused',
          data: { user: userId, reason: 'abandoned', observed: null },
        });
      } finally {
        open.close();
        deps.post({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null });
        exitSoon();
      }
    },
    stop(onLastWorkDone = () => undefined) {
      deps.leaveGraphics();
      const signedIn = deps.signedIn();
      try {
        signedIn?.commands.close();
        deps.arrivals.stop();
        if (signedIn !== null) recordSessionEnd(signedIn, { kind: 'signed-out' });
      } finally {
        deps.pending()?.close();
        const spooled = signedIn === null ? Promise.resolve() : close(signedIn);
        deps.hooks.flush();
        void spooled.finally(onLastWorkDone);
      }
    },
  };
}
