import type { Notice, VaultEvent } from '../../shared/contract.ts';
import type { LockReason } from '../../shared/lock-reason.ts';
import type { SignedInUser } from '../../shared/session-contract.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import type { BlockedReports } from '../blocked-reports.ts';
import type { Clock } from '../log/clock.ts';
import type { CatalogueModel } from '../model-catalogue.ts';
import type { TestHooks } from '../test-hooks.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import { createTurnRecorder, type TurnRecorder } from '../turns/turn-recorder.ts';
import type { StartMessage } from '../vault-parts.ts';
import { beginSession } from './begin-session.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { recordModel } from './model-events.ts';
import type { OpenSession } from './open-session.ts';
import { recordSystemEvent } from './system-events.ts';

/** All that is signed in: made at sign-in, gone with the process. */
export type SignedIn = {
  readonly session: OpenSession;
  readonly user: SignedInUser;
  readonly keyring: KeyringEditor;
  readonly recorder: TurnRecorder;
  readonly idle: IdleTimer;
};

type Deps = {
  readonly start: StartMessage;
  readonly clock: Clock;
  readonly hooks: TestHooks;
  readonly gateway: ModelGateway;
  readonly model: CatalogueModel | null;
  readonly blocked: BlockedReports;
  readonly idleMinutes: number;
  readonly post: (event: VaultEvent) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onLock: (reason: LockReason) => void;
  readonly after: (delayMs: number, act: () => void) => () => void;
};

/** The session begins: its first leaves, the recorder of turns, the idle lock. */
export function beginSignedIn(
  session: OpenSession,
  user: SignedInUser,
  keyring: KeyringEditor,
  deps: Deps,
): SignedIn {
  const { start, clock, gateway, model } = deps;
  beginSession(session, {
    start,
    user,
    deviceBound: keyring.current().device.mode === 'device-bound',
    nowIso: new Date(clock.nowMs()).toISOString(),
    onNotice: deps.onNotice,
  });
  const status = gateway.status();
  recordModel(session, model, gateway, status.state === 'failed' ? status.error : null);
  deps.hooks.note('rawKey', () => Buffer.from(session.dek).toString('hex'));
  deps.blocked.deliverTo((process, api) => {
    recordSystemEvent(session, 'network.blocked', 'attention', { process, api, observed: null });
  });
  return {
    session,
    user,
    keyring,
    recorder: recorderOf(session, deps),
    idle: idleLock(deps),
  };
}

/** A warning that was shown is taken back when somebody does something. */
function idleLock({ clock, post, ...deps }: Deps): IdleTimer {
  let warned = false;
  const timer = createIdleTimer({
    clock,
    idleMinutes: deps.idleMinutes,
    schedule: deps.after,
    onWarn: (secondsLeft) => {
      warned = true;
      post({ event: 'lock.warning', secondsLeft });
    },
    onLock: deps.onLock,
  });
  return {
    activity() {
      timer.activity();
      if (warned) post({ event: 'lock.warning', secondsLeft: null });
      warned = false;
    },
    stop: timer.stop,
  };
}

function recorderOf(session: OpenSession, { gateway, model, post }: Deps): TurnRecorder {
  return createTurnRecorder({
    database: session.database,
    log: session.log,
    turns: session.turns,
    drafts: session.drafts,
    gateway,
    actor: session.actor,
    model: { id: model?.id ?? 'none', sha256: model?.specification.sha256 ?? '0'.repeat(64) },
    releaseToScreen: (receipt) => {
      post({ event: 'turn.delta', turnId: receipt.turnId, seq: receipt.seq, text: receipt.text });
    },
    onReading: (turnId, fraction) => {
      post({ event: 'turn.reading', turnId, fraction });
    },
    onEnded: (end) => {
      post({ event: 'turn.ended', end });
    },
  });
}
