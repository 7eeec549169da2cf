import type { AppState, Notice, RequestOutput, VaultEvent } from '../shared/contract.ts';
import type { SignedInUser } from '../shared/session-contract.ts';
import type { UserId } from '../shared/ids.ts';
import { ok, type Result } from '../shared/result.ts';
import type { KeyringEditor } from './accounts/keyring-editor.ts';
import { createPassphraseMeter } from './accounts/passphrase-strength.ts';
import { createSignInAttempts } from './accounts/sign-in-attempts.ts';
import { appState, firstNotices } from './app-state.ts';
import { openEngineSettings } from './engine-settings.ts';
import { createFileGrants } from './file-grants.ts';
import { openSealedJournal } from './journal/sealed-journal.ts';
import { systemClock } from './log/clock.ts';
import { defaultModel } from './model-catalogue.ts';
import { allHandlers } from './requests/all-handlers.ts';
import { createRequestTable } from './requests/request-table.ts';
import { recordSessionEnd, type SessionEnd } from './requests/session-requests.ts';
import { createVaultGateway } from './session/vault-gateway.ts';
import { openWithJournal, type RecordKeys } from './session/open-with-journal.ts';
import type { OpenSession } from './session/open-session.ts';
import { createPolicyInForce } from './session/policy-in-force.ts';
import { rotateKey } from './session/rotate-key.ts';
import { beginSignedIn, type SignedIn } from './session/signed-in.ts';
import { createSignIn } from './session/sign-in.ts';
import { recordSystemEvent } from './session/system-events.ts';
import { enrolComputer } from './setup/enrolment.ts';
import { createFirstRun } from './setup/first-run.ts';
import { openInstallation, type Installation } from './setup/installation-files.ts';
import { serveTextPort, type TextPort } from './text-port.ts';
import type { Vault, VaultDeps } from './vault-parts.ts';
import { createBackgroundTasks } from './worker/background-tasks.ts';

/** The vault, composed by hand: every dependency is made here, in order. */
export function createVault(deps: VaultDeps): Vault {
  const { start, hooks } = deps;
  const clock = systemClock();
  const nowIso = (): string => new Date(clock.nowMs()).toISOString();
  const grants = createFileGrants();
  const settings = openEngineSettings(start.dataFolder);
  const model = defaultModel(start.cataloguePath, start.modelsFolder);
  let installation: Result<Installation> = deps.primitives.ok
    ? openInstallation(start.dataFolder)
    : deps.primitives;
  const reload = (): void => {
    installation = openInstallation(start.dataFolder);
  };
  const keyringNow = () => (installation.ok ? installation.value.keyring : null);
  let signedIn: SignedIn | null = null;
  let textPort: TextPort | null = null;
  const notices = firstNotices(start, installation);
  if (!deps.provisioning.ok) notices.push({ kind: 'attention', message: deps.provisioning.error.message });

  const onNotice = (notice: Notice): void => {
    notices.push(notice);
  };
  const post = (event: VaultEvent): void => textPort?.post(event);
  const session = (): OpenSession => requireSignedIn().session;
  const keyring = (): KeyringEditor => requireSignedIn().keyring;
  function requireSignedIn(): SignedIn {
    if (signedIn === null) throw new Error('nobody is signed in');
    return signedIn;
  }

  const policy = createPolicyInForce({
    location: deps.location,
    pinnedKey: () => keyringNow()?.organisationKey ?? null,
    post: deps.post,
  });
  const rules = () => policy.current().settings;
  const measure = createPassphraseMeter(rules);
  const gateway = createVaultGateway({
    model,
    settings,
    hooks,
    post,
    blocked: deps.blocked,
    signedIn: () => signedIn,
  });

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
  const attempts = createSignInAttempts({ folder: start.dataFolder, clock, rules });
  const journal = openSealedJournal({ folder: start.dataFolder, clock });
  if (attempts.takeDamage()) void journal.append({ type: 'keyring.refused', code: 'attempts-damaged' });
  const firstRun = createFirstRun({
    start,
    clock,
    keychain: deps.keychain,
    grants,
    measure,
    onCompleted: reload,
  });

  const openRecord = (input: RecordKeys): Promise<Result<OpenSession>> =>
    openWithJournal({
      ...input,
      start,
      tellMain: deps.post,
      clock,
      journal,
      policy,
      installation: () => installation,
      onAppended: (size, elapsedMs) => {
        hooks.appended(elapsedMs);
        post({ event: 'log.grew', logSize: size });
      },
      onNotice,
    });
  const signIn = createSignIn({
    clock,
    dataFolder: start.dataFolder,
    keychain: deps.keychain,
    installation: () => installation,
    reload,
    attempts,
    journal,
    open: openRecord,
    secondFactorRequired: () => rules().secondFactor === 'required',
    measure,
    completed: signInCompleted,
  });

  function signInCompleted(open: OpenSession, user: SignedInUser, editor: KeyringEditor): void {
    signedIn = beginSignedIn(open, user, editor, {
      start,
      clock,
      hooks,
      gateway,
      model,
      blocked: deps.blocked,
      idleMinutes: rules().idleLockMinutes,
      post,
      onNotice,
      onLock: (reason) => {
        endSession({ kind: 'locked', reason });
      },
      after: deps.after,
    });
  }

  /** Whatever the disk says, the session ends: a full disk must never keep a screen open. */
  function endSession(end: SessionEnd): void {
    const { session: open, recorder: turns, user } = requireSignedIn();
    try {
      recordSessionEnd(open, turns, end);
    } finally {
      closeSession(end.kind, user.userId);
    }
  }

  function closeSession(because: 'signed-out' | 'locked' | 'keys-changed', userId: UserId): void {
    tasks.discard();
    signedIn?.idle.stop();
    signedIn?.session.close();
    signedIn = null;
    hooks.flush();
    deps.post({ kind: 'session-ended', because, userId });
    deps.exitSoon();
  }

  /** A sign-in that is not finished has opened the record all the same: the process goes, as after a session. */
  function abandonSignIn(): void {
    const open = signIn.pending();
    if (open === null) return;
    open.close();
    deps.post({ kind: 'session-ended', because: 'signed-out', userId: open.actor.userId });
    deps.exitSoon();
  }

  async function enrol(): Promise<Result<RequestOutput<'setup.enrol'>>> {
    const enrolled = await enrolComputer(deps.provisioning, { start, clock, keychain: deps.keychain });
    if (enrolled.ok) reload();
    return enrolled;
  }

  async function rotate(reason: 'user-removed' | 'by-hand'): Promise<Result<Record<string, never>>> {
    const { session: open, user, recorder: turns, keyring: editor } = requireSignedIn();
    turns.abort('signed-out');
    const rotated = await rotateKey({
      open,
      keyring: editor.current(),
      folder: start.dataFolder,
      reason,
      reopen: (keys) => openRecord({ keyring: editor.current(), keys, user }),
    });
    // This process knows the old key: what goes on, goes on in a new one.
    closeSession('keys-changed', user.userId);
    return rotated;
  }

  const table = createRequestTable(
    allHandlers({
      state: () => ok(state()),
      firstRun,
      installation: () => installation,
      enrol,
      signIn,
      endSession,
      abandon: abandonSignIn,
      onActivity: () => signedIn?.idle.activity(),
      session,
      keyring,
      recorder: () => requireSignedIn().recorder,
      keychain: deps.keychain,
      measure,
      secondFactorRequired: () => rules().secondFactor === 'required',
      nowIso,
      attempts,
      allowsSolePractitioner: () => rules().solePractitioner,
      rotate,
      policy: policy.current,
      policyFolder: deps.location.folder,
      flavour: start.flavour,
      nameOf: (userId) => keyringNow()?.users.find((user) => user.userId === userId)?.displayName ?? null,
      tasks,
      grants,
      recordVisibility: () => rules().recordVisibility,
      auditorReadsText: () => rules().auditorReadsText,
    }),
    (name) => {
      hooks.note('bug', () => name);
    },
  );

  function state(): AppState {
    return appState({
      start,
      installation,
      policy: policy.current(),
      provisioning: deps.provisioning.ok ? deps.provisioning.value : null,
      user: signedIn?.user ?? null,
      logSize: signedIn?.session.log.size() ?? null,
      model: gateway.status(),
      notices: notices.splice(0),
    });
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
      const ended = { process: 'inference', exitCode } as const;
      if (signedIn === null) void journal.append({ type: 'process.ended', ...ended });
      else recordSystemEvent(signedIn.session, 'process.ended', 'attention', { ...ended, observed: null });
    },
    grantFile: (grant, path, purpose) => {
      grants.add(grant, path, purpose);
    },
    lock(reason) {
      if (signedIn !== null) endSession({ kind: 'locked', reason });
      // Somebody's passphrase is being tried: what it opens must not outlive this moment.
      else if (signIn.isBusy()) deps.exitSoon();
      else abandonSignIn();
    },
    stop() {
      tasks.discard();
      signedIn?.recorder.abort('signed-out');
      signedIn?.session.close();
      signIn.pending()?.close();
      signedIn = null;
      hooks.flush();
    },
  };
}
