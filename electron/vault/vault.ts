import type { FromVault, ToVault } from '../links/vault-control.ts';
import type { Port } from '../links/port.ts';
import type { AppError } from '../shared/app-error.ts';
import type { AppState, Notice, SignedInUser, VaultEvent } from '../shared/contract.ts';
import type { UserId } from '../shared/ids.ts';
import { ok, type Result } from '../shared/result.ts';
import type { BlockedReports } from './blocked-reports.ts';
import { openEngineSettings } from './engine-settings.ts';
import { createFileGrants } from './file-grants.ts';
import type { Keychain } from './keys/device-secret.ts';
import { systemClock } from './log/clock.ts';
import { defaultModel } from './model-catalogue.ts';
import { logHandlers } from './requests/log-requests.ts';
import { createRequestTable } from './requests/request-table.ts';
import { sessionHandlers } from './requests/session-requests.ts';
import { setupHandlers } from './requests/setup-requests.ts';
import { workspaceHandlers } from './requests/workspace-requests.ts';
import type { OpenSession } from './session/open-session.ts';
import { recordSystemEvent } from './session/system-events.ts';
import { createFirstRun } from './setup/first-run.ts';
import { openInstallation, type Installation } from './setup/installation-files.ts';
import type { TestHooks } from './test-hooks.ts';
import { serveTextPort, type TextPort } from './text-port.ts';
import { createModelGateway } from './turns/model-gateway.ts';
import { createTurnRecorder, type TurnRecorder } from './turns/turn-recorder.ts';
import { createBackgroundTasks } from './worker/background-tasks.ts';

export type StartMessage = Extract<ToVault, { kind: 'start' }>;

type Deps = {
  readonly start: StartMessage;
  /** AC-29: no key is used before every primitive gave a known answer. */
  readonly primitives: Result<void>;
  readonly post: (message: FromVault) => void;
  readonly keychain: Keychain;
  readonly blocked: BlockedReports;
  readonly workerPath: string;
  readonly hooks: TestHooks;
  readonly versions: () => Record<string, string>;
  /** Ends the process in a moment, when the last answers are on their way. */
  readonly exitSoon: () => void;
};

export type Vault = {
  attachTextPort(port: Port): void;
  attachModelPort(port: Port): void;
  inferenceEnded(end: { readonly exitCode: number; readonly replaced: boolean }): void;
  grantFile(grant: string, path: string, purpose: 'recovery-key' | 'audit-bundle'): void;
  /** Ends in good order: a running answer goes into the log as aborted, the database is closed, keys are zeroed. */
  stop(): void;
};

/** All that is signed in: made at sign-in, gone with the process. */
type SignedIn = {
  readonly session: OpenSession;
  readonly user: SignedInUser;
  readonly recorder: TurnRecorder;
};

/** The vault, composed by hand: every dependency is made here, in order. */
export function createVault(deps: Deps): Vault {
  const { start } = deps;
  const clock = systemClock();
  const grants = createFileGrants();
  const settings = openEngineSettings(start.dataFolder);
  const model = defaultModel(start.cataloguePath, start.modelsFolder);
  let installation: Result<Installation> = deps.primitives.ok
    ? openInstallation(start.dataFolder)
    : deps.primitives;
  let signedIn: SignedIn | null = null;
  let textPort: TextPort | null = null;
  const notices = firstNotices(start, installation);

  const post = (event: VaultEvent): void => textPort?.post(event);
  const session = (): OpenSession => requireSignedIn().session;
  const recorder = (): TurnRecorder => requireSignedIn().recorder;
  function requireSignedIn(): SignedIn {
    if (signedIn === null) throw new Error('nobody is signed in');
    return signedIn;
  }

  const gateway = createModelGateway({
    model: () => model?.specification ?? null,
    knownThreads: () => settings.read(),
    onStatus: (status) => {
      post({ event: 'model.status', status });
      if (status.state === 'failed' && signedIn !== null) recordModel(signedIn.session, status.error);
    },
    onLoaded: (facts) => {
      settings.write(facts.threads);
      deps.hooks.note('model', () => facts);
      if (signedIn !== null) recordModel(signedIn.session, null);
    },
    onTurn: (message) => signedIn?.recorder.receive(message),
    onEnded: () => signedIn?.recorder.abort('engine-stopped'),
    onNetworkBlocked: (api) => {
      deps.blocked.report('inference', api);
    },
  });

  function recordModel(open: OpenSession, error: AppError | null): void {
    const facts = gateway.facts();
    const status = gateway.status();
    if (model !== null && facts !== null && status.state === 'ready') {
      recordSystemEvent(open, 'model.loaded', 'success', {
        model: model.specification.sha256,
        modelId: model.id,
        contextTokens: status.contextTokens,
        verifyMs: Math.round(facts.verifyMs),
        loadMs: Math.round(facts.loadMs),
        threads: facts.threads.threads,
        tokensPerSecondMilli: Math.round(facts.threads.tokensPerSecond * 1000),
        engine: facts.engineVersion,
        llamaCpp: facts.llamaCppRelease,
        backend: facts.backend,
      });
    } else if (error !== null) {
      recordSystemEvent(open, 'model.refused', 'refused', { modelId: model?.id ?? null, code: error.code });
    }
  }

  const tasks = createBackgroundTasks({
    workerPath: deps.workerPath,
    appVersion: start.version,
    flavour: start.flavour,
    versions: deps.versions,
    model: () => (model === null ? null : { id: model.id, sha256: model.specification.sha256 }),
    onExportProgress: (fraction) => {
      post({ event: 'export.progress', fraction });
    },
  });

  const firstRun = createFirstRun({
    start,
    clock,
    keychain: deps.keychain,
    grants,
    onCompleted: () => {
      installation = openInstallation(start.dataFolder);
    },
  });

  function signInCompleted(opened: OpenSession, user: SignedInUser): void {
    const next: TurnRecorder = createTurnRecorder({
      database: opened.database,
      log: opened.log,
      turns: opened.turns,
      drafts: opened.drafts,
      gateway,
      actor: opened.actor,
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
    signedIn = { session: opened, user, recorder: next };
    deps.hooks.note('rawKey', () => Buffer.from(opened.dek).toString('hex'));
    const status = gateway.status();
    recordModel(opened, status.state === 'failed' ? status.error : null);
    deps.blocked.deliverTo((process, api) => {
      recordSystemEvent(opened, 'network.blocked', 'attention', { process, api, observed: null });
    });
  }

  function endSession(because: 'signed-out' | 'locked'): void {
    const { session: open, user } = requireSignedIn();
    signedIn = null;
    open.close();
    deps.hooks.flush();
    deps.post({ kind: 'session-ended', because, userId: user.userId });
    deps.exitSoon();
  }

  const table = createRequestTable(
    {
      'app.getState': () => ok(state()),
      ...setupHandlers(firstRun, () => installation),
      ...sessionHandlers({
        start,
        clock,
        keychain: deps.keychain,
        installation: () => installation,
        session,
        recorder,
        onAppended: (size, elapsedMs) => {
          deps.hooks.appended(elapsedMs);
          post({ event: 'log.grew', logSize: size });
        },
        onNotice: (notice) => {
          notices.push(notice);
        },
        signInCompleted,
        endSession,
      }),
      ...workspaceHandlers({ flavour: start.flavour, session, recorder }),
      ...logHandlers({ session, nameOf: (userId) => nameOf(userId), tasks, grants }),
    },
    (name) => {
      deps.hooks.note('bug', () => name);
    },
  );

  function nameOf(userId: UserId): string | null {
    if (!installation.ok || installation.value.keyring === null) return null;
    return installation.value.keyring.users.find((user) => user.userId === userId)?.displayName ?? null;
  }

  function state(): AppState {
    const keyring = installation.ok ? installation.value.keyring : null;
    const signedOut = keyring === null ? 'first-run' : 'signed-out';
    return {
      phase: installation.ok ? (signedIn === null ? signedOut : 'signed-in') : 'broken',
      problem: installation.ok ? null : installation.error,
      flavour: start.flavour,
      version: start.version,
      organisation: keyring?.organisationName ?? null,
      installationId: keyring?.installationId ?? null,
      users: (keyring?.users ?? []).map(({ userId, displayName, role }) => ({ userId, displayName, role })),
      lockedUserId: start.lockedUserId,
      user: signedIn?.user ?? null,
      deviceBinding: keyring?.device.mode === 'device-bound' ? 'os-keychain' : 'passphrase-only',
      logSize: signedIn === null ? null : signedIn.session.log.size(),
      notices: notices.splice(0),
      model: gateway.status(),
    };
  }

  return {
    attachTextPort(port) {
      textPort?.close();
      textPort = serveTextPort(port, { answer: table, caller: () => signedIn?.user.role ?? 'none' });
    },
    attachModelPort: (port) => {
      gateway.attach(port);
    },
    inferenceEnded({ exitCode, replaced }) {
      gateway.detach();
      if (!replaced) gateway.giveUp();
      if (signedIn !== null)
        recordSystemEvent(signedIn.session, 'process.ended', 'attention', {
          process: 'inference',
          exitCode,
          observed: null,
        });
    },
    grantFile: (grant, path, purpose) => {
      grants.add(grant, path, purpose);
    },
    stop() {
      signedIn?.recorder.abort('signed-out');
      signedIn?.session.close();
      signedIn = null;
      deps.hooks.flush();
    },
  };
}

function firstNotices(start: StartMessage, installation: Result<Installation>): Notice[] {
  const notices: Notice[] = [];
  if (start.startedBecause === 'vault-crashed') {
    notices.push({
      kind: 'attention',
      message:
        'Cloister stopped unexpectedly and has started again. Everything that was shown is recorded, and your text is kept. Sign in to go on.',
    });
  }
  if (installation.ok && installation.value.notice !== null)
    notices.push({ kind: 'attention', message: installation.value.notice });
  return notices;
}
