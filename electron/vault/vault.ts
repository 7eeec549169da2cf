import type { AppState, Notice, VaultEvent } from '../shared/contract.ts';
import type { SignedInUser } from '../shared/session-contract.ts';
import { ok, type Result } from '../shared/result.ts';
import type { KeyringEditor } from './accounts/keyring-editor.ts';
import { createLatePassphraseMeter } from './accounts/late-passphrase-meter.ts';
import { createSignInAttempts } from './accounts/sign-in-attempts.ts';
import { appState, newPassphraseRules } from './app-state.ts';
import { createFileGrants } from './file-grants.ts';
import { openSealedJournal } from './journal/sealed-journal.ts';
import { systemClock } from './log/clock.ts';
import { modelsHere } from './models/model-choice.ts';
import { createModelArrivals } from './models/model-arrivals.ts';
import { allHandlers } from './requests/all-handlers.ts';
import { behindSelfTest, createRequestTable } from './requests/request-table.ts';
import { createEndings } from './session/endings.ts';
import { createVaultGateway } from './session/vault-gateway.ts';
import { openWithJournal, type RecordKeys } from './session/open-with-journal.ts';
import type { OpenSession } from './session/open-session.ts';
import { createPolicyInForce } from './session/policy-in-force.ts';
import { createKeyChanges } from './session/rotate-key.ts';
import { beginSignedIn, type SignedIn } from './session/signed-in.ts';
import { createSignIn } from './session/sign-in.ts';
import { enrolComputer } from './setup/enrolment.ts';
import { createFirstRun } from './setup/first-run.ts';
import { openInstallation } from './setup/installation-files.ts';
import { serveTextPort, type TextPort } from './text-port.ts';
import { journalStart } from './journal/journal-start.ts';
import type { Vault, VaultDeps } from './vault-parts.ts';
import { createBackgroundTasks } from './worker/background-tasks.ts';

/** The first screen is drawn by then, and nobody has typed a passphrase. */
const afterFirstScreenMs = 400;

/** The vault, composed by hand: every dependency is made here, in order. */
export function createVault(deps: VaultDeps): Vault {
  const { start, hooks, first } = deps;
  const clock = systemClock();
  const nowIso = (): string => new Date(clock.nowMs()).toISOString();
  const grants = createFileGrants();
  let { installation } = first;
  const reload = (): void => {
    installation = openInstallation(start.dataFolder);
  };
  const keyringNow = () => (installation.ok ? installation.value.keyring : null);
  const pinnedKey = () => keyringNow()?.organisationKey ?? null;
  const here = modelsHere(start, deps.location, pinnedKey(), () => rules().graphicsCard === 'auto');
  let signedIn: SignedIn | null = null;
  let textPort: TextPort | null = null;
  const { notices, provisioning } = first;

  const onNotice = (notice: Notice): void => {
    if (signedIn === null) notices.push(notice);
    else post({ event: 'notice', notice });
  };
  const post = (event: VaultEvent): void => textPort?.post(event);
  const session = (): OpenSession => requireSignedIn().session;
  const keyring = (): KeyringEditor => requireSignedIn().keyring;
  function requireSignedIn(): SignedIn {
    if (signedIn === null) throw new Error('nobody is signed in');
    return signedIn;
  }

  const policy = createPolicyInForce(deps, pinnedKey);
  const rules = () => policy.current().settings;
  const measure = createLatePassphraseMeter(() => newPassphraseRules(start, installation, rules()));
  const gateway = createVaultGateway({
    ...here,
    hooks,
    post,
    blocked: deps.blocked,
    signedIn: () => signedIn,
    after: deps.after,
    hashed: start.hashedModel,
    toMain: deps.post,
  });

  const tasks = createBackgroundTasks({
    workerPath: deps.workerPath,
    start,
    versions: deps.versions,
    model: here.named,
    policy: policy.named,
    onExportProgress: (fraction) => {
      post({ event: 'export.progress', fraction });
    },
  });
  const arrivals = createModelArrivals({
    start,
    ...here,
    rules,
    session,
    tasks,
    gateway,
    post,
    toMain: deps.post,
  });
  const attempts = createSignInAttempts({ folder: start.dataFolder, clock, rules });
  const journal = openSealedJournal({ folder: start.dataFolder, clock });
  journalStart(journal, {
    isAttemptsFileDamaged: attempts.takeDamage(),
    installation,
    policyProblem: policy.current().problem?.code ?? null,
  });
  const firstRun = createFirstRun({
    start,
    clock,
    keychain: deps.keychain,
    grants,
    measure,
    deviceBinding: () => rules().deviceBinding,
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
      reload,
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
      model: here.model,
      blocked: deps.blocked,
      rules: rules(),
      tasks,
      commands: {
        line: deps.localLine,
        keychain: deps.keychain,
        attempts,
        secondFactorRequired: () => rules().secondFactor === 'required',
        tableOf: (asking) => createRequestTable(allHandlers({ ...parts, session: () => asking }), onBug),
        onFailure: () => onBug('command line'),
      },
      post,
      onNotice,
      onLock: (reason) => {
        endSession({ kind: 'locked', reason });
      },
      after: deps.after,
    });
  }

  const { endSession, closeSession, abandonSignIn, leave, stop } = createEndings({
    signedIn: () => signedIn,
    forgetSignedIn: () => void (signedIn = null),
    pending: signIn.pending,
    arrivals,
    tasks,
    hooks,
    post: deps.post,
    exitSoon: deps.exitSoon,
    leaveGraphics: here.graphics.left,
  });

  const ends = { signedIn: requireSignedIn, open: openRecord, closeSession };

  const parts: Parameters<typeof allHandlers>[0] = {
    state: () => ok(state()),
    firstRun,
    installation: () => installation,
    enrol: () =>
      enrolComputer(provisioning, {
        start,
        clock,
        keychain: deps.keychain,
        deviceBinding: rules().deviceBinding,
        onCompleted: reload,
      }),
    signIn,
    endSession,
    abandon: abandonSignIn,
    onActivity: () => signedIn?.idle.activity(),
    session,
    keyring,
    anchoring: () => requireSignedIn().anchoring,
    retention: () => requireSignedIn().retention,
    recorder: () => requireSignedIn().recorder,
    works: () => requireSignedIn().works,
    reading: () => requireSignedIn().reading,
    gateway,
    modelSha256: () => here.named()?.sha256 ?? null,
    post,
    isSuspect: () => requireSignedIn().anchoring.suspicion() !== null,
    keychain: deps.keychain,
    measure,
    secondFactorRequired: () => rules().secondFactor === 'required',
    nowIso,
    attempts,
    allowsSolePractitioner: () => rules().solePractitioner,
    changes: createKeyChanges({ ...ends, folder: start.dataFolder, tasks, nowIso }),
    policy: policy.current,
    policyFolder: deps.location.folder,
    flavour: start.flavour,
    nameOf: (userId) => keyringNow()?.users.find((user) => user.userId === userId)?.displayName ?? null,
    tasks,
    ...arrivals,
    grants,
    recordVisibility: () => rules().recordVisibility,
    auditorReadsText: () => rules().auditorReadsText,
  };
  const onBug = (name: string): void => hooks.note('bug', () => name);
  const table = behindSelfTest(createRequestTable(allHandlers(parts), onBug), deps.latePrimitives);

  function state(): AppState {
    return appState({
      start,
      installation,
      policy: policy.current(),
      provisioning,
      user: signedIn?.user ?? null,
      logSize: signedIn?.session.log.size() ?? null,
      suspicion: signedIn?.anchoring.suspicion() ?? null,
      model: gateway.status(),
      notices: notices.splice(0),
    });
  }

  return {
    attachTextPort(port) {
      textPort?.close();
      textPort = serveTextPort(port, { answer: table.answer, caller: () => signedIn?.user.role ?? 'none' });
      gateway.want();
      deps.after(afterFirstScreenMs, () => void deps.latePrimitives());
    },
    attachModelPort: (port) => {
      gateway.attach(port);
    },
    inferenceEnded: (end) => {
      gateway.processEnded(end, { journal, onNotice });
    },
    downloadReport: arrivals.downloads.report,
    grantFile: grants.add,
    lock(reason) {
      if (signedIn !== null) endSession({ kind: 'locked', reason });
      // Somebody's passphrase is being tried: what it opens must not outlive this moment.
      else if (signIn.isBusy() || table.isWaiting()) leave();
      else abandonSignIn();
    },
    stop,
  };
}
