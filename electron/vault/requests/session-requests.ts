import { appError } from '../../shared/app-error.ts';
import type { Notice, SignedInUser } from '../../shared/contract.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { unlock } from '../keys/installation.ts';
import { openDeviceSecret, type Keychain } from '../keys/device-secret.ts';
import type { Clock } from '../log/clock.ts';
import { openSession, type OpenSession } from '../session/open-session.ts';
import type { Installation } from '../setup/installation-files.ts';
import { closeOpenTurns } from '../turns/turn-outcome.ts';
import type { TurnRecorder } from '../turns/turn-recorder.ts';
import type { StartMessage } from '../vault.ts';
import type { Handlers } from './request-table.ts';

type Deps = {
  readonly start: StartMessage;
  readonly clock: Clock;
  readonly keychain: Keychain;
  readonly installation: () => Result<Installation>;
  readonly session: () => OpenSession;
  readonly recorder: () => TurnRecorder;
  readonly onAppended: (size: number, elapsedMs: number) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly signInCompleted: (open: OpenSession, user: SignedInUser) => void;
  readonly endSession: (because: 'signed-out' | 'locked') => void;
};

export function sessionHandlers(
  deps: Deps,
): Pick<Handlers, 'session.signIn' | 'session.signOut' | 'session.lock'> {
  /** One derivation at a time: Argon2id takes 64 MiB each. */
  let signingIn = false;

  async function signIn(
    userId: SignedInUser['userId'],
    passphrase: string,
  ): Promise<Result<{ user: SignedInUser }>> {
    const current = deps.installation();
    if (!current.ok) return current;
    const { keyring, databasePath, confirm } = current.value;
    const record = keyring?.users.find((user) => user.userId === userId);
    if (keyring === null || record === undefined)
      return err(appError('not-set-up', 'This account is not on this computer. Choose another.'));
    const deviceSecret = await openDeviceSecret(deps.keychain, keyring.device);
    if (!deviceSecret.ok) return deviceSecret;
    const keys = await unlock({ keyring, userId, passphrase, deviceSecret: deviceSecret.value });
    deviceSecret.value?.fill(0);
    if (!keys.ok) return keys;
    const user: SignedInUser = { userId, displayName: record.displayName, role: record.role };
    const opened = openSession({
      databasePath,
      origin: keyring.log.origin,
      verifierKey: keyring.log.verifierKey,
      keys: keys.value,
      user,
      clock: deps.clock,
      appVersion: deps.start.version,
      onAppended: deps.onAppended,
    });
    if (!opened.ok) return opened;
    confirm();
    beginSession(deps, opened.value, user, keyring.device.mode === 'device-bound');
    return ok({ user });
  }

  /** Ends the session whatever the disk says: a full disk must never keep a screen open. */
  function end(because: 'signed-out' | 'locked'): Result<Record<string, never>> {
    const { log, actor } = deps.session();
    const common = {
      actor: { id: actor.userId, role: actor.role },
      session: actor.sessionId,
      patient: null,
      outcome: 'success',
      texts: {},
    } as const;
    try {
      deps.recorder().abort('signed-out');
      if (because === 'locked')
        log.append({ ...common, type: 'session.locked', data: { reason: 'by-hand' } });
      else log.append({ ...common, type: 'session.signed-out', data: {} });
    } finally {
      deps.endSession(because);
    }
    return ok({});
  }

  return {
    'session.signIn': async ({ userId, passphrase }) => {
      if (signingIn) return err(appError('invalid-input', 'Somebody is signing in already. Wait a moment.'));
      signingIn = true;
      try {
        return await signIn(userId, passphrase);
      } finally {
        signingIn = false;
      }
    },
    'session.signOut': () => end('signed-out'),
    'session.lock': () => end('locked'),
  };
}

/** The first leaves of a session: what a crash left open is closed before anything new can happen. */
function beginSession(deps: Deps, open: OpenSession, user: SignedInUser, deviceBound: boolean): void {
  const closed = closeOpenTurns(open, 'restart');
  if (closed > 0) {
    deps.onNotice({
      kind: 'attention',
      message:
        'Cloister stopped while a draft was being written. Everything that was shown of it is recorded as unfinished.',
    });
  }
  const { start } = deps;
  open.log.append({
    type: 'session.signed-in',
    actor: { id: user.userId, role: user.role },
    session: open.actor.sessionId,
    patient: null,
    outcome: 'success',
    data: {
      deviceBinding: deviceBound ? 'os-keychain' : 'passphrase-only',
      appSha256: start.appSha256,
      flavour: start.flavour,
      startedBecause: start.startedBecause,
    },
    texts: {},
  });
  deps.signInCompleted(open, user);
}
