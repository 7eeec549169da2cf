import type { Notice, VaultEvent } from '../../shared/contract.ts';
import type { LockReason } from '../../shared/lock-reason.ts';
import type { SignedInUser } from '../../shared/session-contract.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import type { BlockedReports } from '../blocked-reports.ts';
import type { Clock } from '../log/clock.ts';
import { serveCommands, type CommandDeps } from '../control/serve-commands.ts';
import type { ModelInUse } from '../models/model-choice.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import type { TestHooks } from '../test-hooks.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import { createSourceReading, type SourceReading } from '../turns/source-reading.ts';
import { createTurnRecorder, type TurnRecorder } from '../turns/turn-recorder.ts';
import { createWorkInParts, type WorkInParts } from '../turns/work-in-parts.ts';
import type { StartMessage } from '../vault-parts.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import { beginAnchoring, type Anchoring } from './anchoring.ts';
import { beginSession } from './begin-session.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { recordModel } from './model-events.ts';
import type { OpenSession } from './open-session.ts';
import { beginSpooling, type Spooling } from './spooling.ts';
import { beginRetention, type Retention } from './retention.ts';
import { recordSystemEvent } from './system-events.ts';

/** All that is signed in: made at sign-in, gone with the process. */
export type SignedIn = {
  readonly session: OpenSession;
  readonly user: SignedInUser;
  readonly keyring: KeyringEditor;
  readonly recorder: TurnRecorder;
  readonly works: WorkInParts;
  readonly reading: SourceReading;
  readonly idle: IdleTimer;
  readonly anchoring: Anchoring;
  readonly spooling: Spooling;
  readonly retention: Retention;
  /** Asked from a terminal. */
  readonly commands: { close(): void };
};

type Deps = {
  readonly start: StartMessage;
  readonly clock: Clock;
  readonly hooks: TestHooks;
  readonly gateway: ModelGateway;
  readonly model: ModelInUse | null;
  readonly blocked: BlockedReports;
  readonly rules: Pick<
    PolicySettings,
    | 'idleLockMinutes'
    | 'deviceBinding'
    | 'readSourceAhead'
    | 'anchorFolder'
    | 'spoolFolder'
    | 'spoolRecipients'
    | 'retentionYears'
    | 'legalHold'
  >;
  readonly tasks: BackgroundTasks;
  readonly commands: CommandDeps;
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
    deviceBinding: deps.rules.deviceBinding,
    nowIso: new Date(clock.nowMs()).toISOString(),
    onNotice: deps.onNotice,
  });
  if (!session.isFileChecked) void checkFile(session, deps);
  const status = gateway.status();
  recordModel(session, model, gateway, status.state === 'failed' ? status.error : null);
  deps.hooks.note('rawKey', () => Buffer.from(session.dek).toString('hex'));
  deps.blocked.deliverTo((process, api) => {
    recordSystemEvent(session, 'network.blocked', 'attention', { process, api, observed: null });
  });
  const recorder = recorderOf(session, deps);
  return {
    session,
    user,
    keyring,
    recorder,
    works: createWorkInParts({
      recorder,
      gateway,
      onEnded: (end) => {
        deps.post({ event: 'turn.ended', end });
      },
    }),
    reading: readingOf(session, recorder, deps),
    idle: idleLock(deps),
    anchoring: beginAnchoring({ ...deps, session, folder: deps.rules.anchorFolder }),
    spooling: beginSpooling({
      ...deps,
      session,
      folder: deps.rules.spoolFolder,
      recipients: deps.rules.spoolRecipients.split(',').filter((recipient) => recipient !== ''),
    }),
    retention: beginRetention({ ...deps, session, nowMs: clock.nowMs }),
    commands: serveCommands({
      ...deps.commands,
      session,
      keyring: keyring.current,
      dataFolder: start.dataFolder,
    }),
  };
}

async function checkFile(session: OpenSession, { tasks, onNotice }: Deps): Promise<void> {
  if (await tasks.checkFile(session)) return;
  onNotice({ kind: 'attention', message: fileDamaged });
}

const fileDamaged =
  'The record file is damaged in a place that was not needed until now. Nothing was deleted. Finish what you are doing, sign out, and call IT, who can restore a backup.';

/** A warning that was shown is taken back when somebody does something. */
function idleLock({ clock, post, ...deps }: Deps): IdleTimer {
  let warned = false;
  const timer = createIdleTimer({
    clock,
    idleMinutes: deps.rules.idleLockMinutes,
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
    gateway,
    actor: session.actor,
    model: modelFacts(model),
    releaseToScreen: (receipt) => {
      post({ event: 'turn.delta', turnId: receipt.turnId, seq: receipt.seq, text: receipt.text });
    },
    onReading: (shownAs, fraction) => {
      post({ event: 'turn.reading', ...shownAs, fraction });
    },
    onEnded: (end) => {
      post({ event: 'turn.ended', end });
    },
    onQueue: (waiting) => {
      post({ event: 'turn.queue', waiting: [...waiting] });
    },
  });
}

function readingOf(session: OpenSession, recorder: TurnRecorder, deps: Deps): SourceReading {
  return createSourceReading({
    database: session.database,
    log: session.log,
    gateway: deps.gateway,
    actor: session.actor,
    model: modelFacts(deps.model),
    isAllowed: deps.rules.readSourceAhead,
    isBusy: recorder.isRunning,
    onFraction: (fraction) => {
      deps.post({ event: 'source.prepared', fraction });
    },
  });
}

function modelFacts(model: ModelInUse | null): { readonly id: string; readonly sha256: string } {
  return { id: model?.id ?? 'none', sha256: model?.specification.sha256 ?? '0'.repeat(64) };
}
