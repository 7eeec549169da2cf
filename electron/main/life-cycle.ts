import type { MessagePortMain } from 'electron';
import type { DownloadOrder } from '../links/egress-control.ts';
import { fromVaultSchema, type FromVault, type ToVault } from '../links/vault-control.ts';
import type { HashedFile } from '../links/hashed-file.ts';
import type { UserId } from '../shared/ids.ts';
import type { FilePurpose } from '../shared/shell-contract.ts';
import type { Child } from './child-process.ts';
import type { Keychain } from './keychain.ts';
import type { BlockedConnections } from './blocked-connections.ts';
import type { LockReason } from './lock-triggers.ts';
import type { ModelDownload } from './model-download.ts';
import type { Page } from './page.ts';
import type { RestartBudget } from './restart-budget.ts';
import { stoppedMessages } from './stopped-page.ts';

type Start = Extract<ToVault, { kind: 'start' }>;
type SessionEnded = Extract<FromVault, { kind: 'session-ended' }>;
export type StartReason = Pick<Start, 'startedBecause' | 'locked'>;
export type StartFacts = Omit<Start, 'kind' | keyof StartReason | 'hashedModel'>;

type Deps = {
  readonly startVault: () => Child;
  readonly startInference: () => Child;
  readonly makeChannel: () => { readonly port1: MessagePortMain; readonly port2: MessagePortMain };
  /** What the vault is told at each start. Asked once; both processes are being made meanwhile. */
  readonly facts: Promise<StartFacts>;
  readonly keychain: Keychain;
  readonly page: Page;
  readonly download: ModelDownload;
  readonly allowScreenCapture: (allowed: boolean) => void;
  readonly blocked: BlockedConnections;
  readonly budgets: {
    readonly vault: RestartBudget;
    readonly inference: RestartBudget;
    readonly page: RestartBudget;
  };
  /** Runs `act` once, later; the result cancels it. */
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export type LifeCycle = {
  begin(): void;
  /** The page that is loaded now wants a text port; it gets one as soon as a vault is there. */
  requestTextPort(): void;
  grantFile(grant: string, path: string, purpose: FilePurpose): void;
  pageCrashed(): void;
  /** Blanks the window and ends the session, whether the vault answers in time or not. Without a session it only tells the vault. */
  lock(reason: LockReason): void;
  /** Ends both processes in good order; resolves when both are gone, killed after `stopWaitMs`. */
  stop(): Promise<void>;
};

/** Long enough to put an abort into the log and to close the database on a slow disk. */
export const stopWaitMs = 5000;

/** A lock is for a person who walks away or a computer that falls asleep: then keys and text go with their processes. */
export const lockWaitMs = 400;

/** One vault and the inference processes that it has had: none before the vault wants one, so that the first screen comes first. A vault serves one session, then both are replaced. */
type Round = {
  readonly vault: Child;
  inference: Child | null;
  /** The vault has its `start` message; before that it takes no port. */
  started: boolean;
  /** Who is signed in. */
  userId: UserId | null;
  /** The session is over, by the vault's word or by main's; then the end of the vault is no crash. */
  ended: StartReason | null;
};

/**
 * Starts, connects, ends and restarts the vault and the inference process. Main makes every channel and hands both
 * ends away, so no clinical text passes here. When the vault dies nothing may answer in its place: inference ends too.
 */
export function createLifeCycle(deps: Deps): LifeCycle {
  let round: Round | null = null;
  let hashedModel: HashedFile | null = null;
  let pageAsked = false;
  let gaveUp = false;
  let stopping = false;

  function startRound(reason: StartReason): void {
    const next: Round = {
      vault: deps.startVault(),
      inference: null,
      started: false,
      userId: null,
      ended: null,
    };
    round = next;
    next.vault.onMessage((message) => {
      receive(next, message);
    });
    next.vault.onEnded(() => {
      vaultEnded(next);
    });
    void deps.facts.then((facts) => {
      if (round !== next || stopping) return;
      post(next, { kind: 'start', ...facts, ...reason, hashedModel });
      next.started = true;
      deps.blocked.deliverTo((api) => {
        post(next, { kind: 'network-blocked', process: 'main', api });
      });
      if (pageAsked) connectPage(next);
    });
  }

  function startInference(current: Round): void {
    const inference = deps.startInference();
    current.inference = inference;
    inference.onEnded((exitCode) => {
      if (current.inference === inference) inferenceEnded(current, exitCode);
    });
    const { port1, port2 } = deps.makeChannel();
    current.vault.post({ kind: 'model-port' } satisfies ToVault, port1);
    inference.post({ kind: 'model-port' }, port2);
  }

  function connectPage({ vault }: Round): void {
    const { port1, port2 } = deps.makeChannel();
    vault.post({ kind: 'text-port' } satisfies ToVault, port1);
    deps.page.giveTextPort(port2);
  }

  function receive(current: Round, message: unknown): void {
    const parsed = fromVaultSchema.safeParse(message);
    if (!parsed.success) {
      current.vault.kill();
      return;
    }
    switch (parsed.data.kind) {
      case 'keychain-request':
        void answerKeychain(current, parsed.data);
        return;
      case 'session-began':
        current.userId = parsed.data.userId;
        return;
      case 'session-ended':
        endSession(current, parsed.data);
        endInference(current);
        killLater(current, stopWaitMs);
        return;
      case 'model-wanted':
        if (round !== current || current.inference !== null || current.ended !== null || stopping) return;
        startInference(current);
        return;
      case 'inference-hung':
        // Its end is told like that of any other.
        current.inference?.kill();
        return;
      case 'model-hashed':
        hashedModel = parsed.data.hashed;
        return;
      case 'screen-capture':
        deps.allowScreenCapture(parsed.data.allowed);
        return;
      case 'download-model':
        startDownload(current, parsed.data.order);
        return;
      case 'stop-download':
        deps.download.stop();
    }
  }

  /** Nobody downloads unless somebody is signed in, and what that person began ends with the session. */
  function startDownload(current: Round, order: DownloadOrder): void {
    if (round !== current || current.userId === null || current.ended !== null || stopping) return;
    deps.download.start(order, (report) => {
      post(current, report);
    });
  }

  /** Nothing of the session stays where main decides it: the window first, because that is what others see. */
  function endSession(current: Round, end: Omit<SessionEnded, 'kind'>): void {
    if (current.ended !== null) return;
    const { because, userId, lockReason } = end;
    current.ended = {
      startedBecause: because,
      locked: lockReason === null || userId === null ? null : { userId, reason: lockReason },
    };
    pageAsked = false;
    deps.download.stop();
    deps.page.blank();
  }

  function lock(reason: LockReason): void {
    if (round === null || !round.started || stopping || round.ended !== null) return;
    post(round, { kind: 'lock', reason });
    if (round.userId === null) return;
    endSession(round, { because: 'locked', userId: round.userId, lockReason: reason });
    killLater(round, lockWaitMs);
  }

  function killLater(current: Round, delayMs: number): void {
    deps.after(delayMs, () => {
      if (round !== current) return;
      endInference(current);
      current.vault.kill();
    });
  }

  async function answerKeychain(
    current: Round,
    request: Extract<FromVault, { kind: 'keychain-request' }>,
  ): Promise<void> {
    const { id, operation, value } = request;
    const answer = await deps.keychain[operation](value);
    if (round === current) post(current, { kind: 'keychain-answer', id, value: answer });
  }

  function vaultEnded(current: Round): void {
    round = null;
    deps.download.stop();
    deps.blocked.deliverTo(null);
    endInference(current);
    if (stopping || gaveUp) return;
    if (current.ended !== null) {
      startRound(current.ended);
      // It asks for its own port.
      deps.page.load();
    } else if (deps.budgets.vault.spend()) {
      startRound({ startedBecause: 'vault-crashed', locked: null });
      if (current.userId === null) return;
      // The session is over as well: the next person may be another one.
      pageAsked = false;
      deps.page.blank();
      deps.page.load();
    } else {
      giveUp(stoppedMessages.vault);
    }
  }

  function inferenceEnded(current: Round, exitCode: number): void {
    current.inference = null;
    if (round !== current || stopping) return;
    const replaced = deps.budgets.inference.spend();
    post(current, { kind: 'inference-ended', exitCode, replaced });
    if (replaced) startInference(current);
  }

  /** From here on its end is no surprise. */
  function endInference(current: Round): void {
    current.inference?.kill();
    current.inference = null;
  }

  function giveUp(message: string): void {
    gaveUp = true;
    deps.page.showStopped(message);
  }

  return {
    begin: () => {
      startRound({ startedBecause: 'launch', locked: null });
    },
    requestTextPort() {
      pageAsked = true;
      if (round?.started === true) connectPage(round);
    },
    grantFile(grant, path, purpose) {
      if (round?.started === true) post(round, { kind: 'file-grant', grant, path, purpose });
    },
    pageCrashed() {
      if (stopping || gaveUp) return;
      pageAsked = false;
      if (deps.budgets.page.spend()) deps.page.load();
      else giveUp(stoppedMessages.page);
    },
    lock,
    async stop() {
      stopping = true;
      deps.download.stop();
      if (round === null) return;
      const { vault, inference } = round;
      const ended = Promise.all([whenEnded(vault), inference === null ? null : whenEnded(inference)]);
      post(round, { kind: 'stop' });
      await new Promise<void>((resolve) => {
        const cancel = deps.after(stopWaitMs, () => {
          vault.kill();
          inference?.kill();
          // A process that was never really begun says nothing of its end; main ends all the same, and takes it along.
          deps.after(lockWaitMs, resolve);
        });
        void ended.then(() => {
          cancel();
          resolve();
        });
      });
    },
  };
}

function post({ vault }: Round, message: ToVault): void {
  vault.post(message);
}

function whenEnded(child: Child): Promise<void> {
  return new Promise((resolve) => {
    child.onEnded(() => {
      resolve();
    });
  });
}
