/** Why main locks, for the record. `suspend`: the computer goes to sleep. `screen-locked`: its screen is another's now. */
export type LockReason = 'suspend' | 'screen-locked';

/** The part of Electron's `powerMonitor` that is used here. */
export type PowerMonitor = {
  on(event: 'suspend', listener: () => void): unknown;
  on(event: 'resume', listener: () => void): unknown;
  on(event: 'lock-screen', listener: () => void): unknown;
  on(event: 'user-did-resign-active', listener: () => void): unknown;
  on(event: 'shutdown', listener: () => void): unknown;
  getSystemIdleState(idleThreshold: number): string;
};

type Deps = {
  readonly powerMonitor: PowerMonitor;
  readonly platform: NodeJS.Platform;
  readonly lock: (reason: LockReason) => void;
  /** Ends the app in good order. */
  readonly quit: () => void;
  /** Runs `act` again and again. */
  readonly every: (intervalMs: number, act: () => void) => void;
};

/** Linux has no event for a locked screen; asking costs a tenth of a millisecond. */
export const screenLockPollMs = 5000;

/** Any number of seconds: only `locked` is looked for, and that does not depend on it. */
const idleThresholdSeconds = 3600;

/**
 * What happens to the computer and ends a session. A closed lid is a suspend where the system makes it one; where the
 * system was told to do nothing, it tells us nothing either. Wake-up counts as well: it comes when the sleep itself
 * was not announced, and locking twice is nothing.
 */
export function lockOnSystemEvents(deps: Deps): void {
  const { powerMonitor, lock } = deps;
  const lockFor = (reason: LockReason) => (): void => {
    lock(reason);
  };
  powerMonitor.on('suspend', lockFor('suspend'));
  powerMonitor.on('resume', lockFor('suspend'));
  powerMonitor.on('lock-screen', lockFor('screen-locked'));
  // macOS: another account is at the screen now.
  powerMonitor.on('user-did-resign-active', lockFor('screen-locked'));
  powerMonitor.on('shutdown', (...[event]: readonly unknown[]) => {
    // The system waits a moment for the record to be closed. Electron gives an event here that its types leave out.
    if (isPreventable(event)) event.preventDefault();
    deps.quit();
  });
  if (deps.platform === 'linux') {
    deps.every(screenLockPollMs, () => {
      if (powerMonitor.getSystemIdleState(idleThresholdSeconds) === 'locked') lock('screen-locked');
    });
  }
}

function isPreventable(event: unknown): event is { preventDefault(): void } {
  return typeof event === 'object' && event !== null && 'preventDefault' in event;
}
