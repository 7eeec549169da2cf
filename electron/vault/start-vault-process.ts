import type { MessagePortMain, ParentPort } from 'electron';
import { messagePort } from '../links/message-port.ts';
import type { LocalLine } from '../links/network-guard-line.ts';
import { toVaultSchema, type FromVault } from '../links/vault-control.ts';
import type { BlockedReports } from './blocked-reports.ts';
import { answerFirst, readFirstScreen, type FirstScreen } from './first-screen.ts';
import type { Keychain } from './keys/device-secret.ts';
import { lateSelfTest, selfTest } from './keys/self-test.ts';
import { policyLocation, type PolicyLocation } from './policy/policy-location.ts';
import { findProvisioning } from './setup/find-provisioning.ts';
import { createTestHooks } from './test-hooks.ts';
import type { StartMessage, Vault } from './vault-parts.ts';

/** Long enough for the last answers to leave the process. */
const exitDelayMs = 150;
/** What may still be written for IT at the end of a session: a lock ends every process within half a second. */
const lastWorkMs = 200;
const bugExitCode = 3;
/** The screen is drawn with the time that the vault would be loaded in. */
const drawingMs = 150;
/** For a page that never asks what the first screen is. */
const loadAtLatestMs = 2000;
/** At a quit nobody waits at the screen; main ends the process after five seconds. */
const lastWorkAtQuitMs = 4000;

/** Connects the vault to main's line. A message that does not parse is a bug of ours: the process ends and main tells. */
export function startVaultProcess(
  parent: ParentPort,
  blocked: BlockedReports,
  { workerPath, localLine }: { readonly workerPath: string; readonly localLine: LocalLine | null },
): void {
  /** Set at `start`; what arrives before the first screen is known waits its turn. */
  let begun: Promise<Begun> | null = null;
  const withVault = (act: (ready: Vault) => void): void => {
    void begun?.then(({ load }) => load()).then(act);
  };
  const post = (message: FromVault): void => {
    parent.postMessage(message);
  };
  const keychainAnswers = new Map<number, (value: string | null) => void>();

  async function begin(start: StartMessage): Promise<Begun> {
    const primitives = await selfTest();
    const location = policyLocation({
      platform: process.platform,
      programData: process.env['ProgramData'],
      development:
        start.policyFolder === null ? null : { folder: start.policyFolder, userId: process.getuid?.() ?? 0 },
    });
    const provisioning = await findProvisioning(location);
    const first = readFirstScreen({ start, primitives, location, provisioning });
    const { promise: vault, resolve } = Promise.withResolvers<Vault>();
    vault.catch(endOnBug);
    let isLoading = false;
    const load = (): Promise<Vault> => {
      if (!isLoading) resolve(loadVault(start, first, location));
      isLoading = true;
      return vault;
    };
    setTimeout(() => void load(), loadAtLatestMs);
    return { first, vault, load };
  }

  async function loadVault(
    start: StartMessage,
    first: FirstScreen,
    location: PolicyLocation,
  ): Promise<Vault> {
    const { createVault } = await import('./vault.ts');
    return createVault({
      start,
      first,
      latePrimitives: lateSelfTest,
      location,
      post,
      keychain: keychainOverParent(start, post, keychainAnswers),
      blocked,
      workerPath,
      localLine,
      hooks: createTestHooks(start.testHooksFile),
      versions: () => ({
        electron: process.versions['electron'] ?? 'none',
        chromium: process.versions['chrome'] ?? 'none',
        node: process.versions.node,
      }),
      after: (delayMs, act) => {
        const timer = setTimeout(act, delayMs);
        return () => {
          clearTimeout(timer);
        };
      },
      exitSoon: (after) => {
        setTimeout(() => {
          void after?.finally(() => process.exit(0));
          setTimeout(() => process.exit(0), after === undefined ? 0 : lastWorkMs);
        }, exitDelayMs);
      },
    });
  }

  parent.on('message', ({ data, ports }: { data: unknown; ports: MessagePortMain[] }) => {
    const message = toVaultSchema.parse(data);
    const [port] = ports;
    switch (message.kind) {
      case 'start':
        begun = begin(message);
        begun.catch(endOnBug);
        return;
      case 'text-port':
        if (port !== undefined) void begun?.then((ready) => attachTextPort(ready, port));
        return;
      case 'model-port':
        if (port !== undefined) withVault((ready) => ready.attachModelPort(messagePort(port)));
        return;
      case 'inference-ended':
        withVault((ready) => ready.inferenceEnded(message));
        return;
      case 'file-grant':
        withVault((ready) => ready.grantFile(message.grant, message.path, message.purpose));
        return;
      case 'keychain-answer':
        keychainAnswers.get(message.id)?.(message.value);
        keychainAnswers.delete(message.id);
        return;
      case 'network-blocked':
        blocked.report(message.process, message.api);
        return;
      case 'download-progress':
      case 'download-ended':
        withVault((ready) => ready.downloadReport(message));
        return;
      case 'lock':
        withVault((ready) => ready.lock(message.reason));
        return;
      case 'stop':
        if (begun === null) process.exit(0);
        withVault((ready) => {
          // A full disk or a share that hangs must not keep the process.
          setTimeout(() => process.exit(0), lastWorkAtQuitMs);
          try {
            ready.stop(() => process.exit(0));
          } catch {
            process.exit(0);
          }
        });
    }
  });
}

/** Electron lets a utility process live on behind a promise that failed; main starts another vault, and tells. */
function endOnBug(): void {
  process.exit(bugExitCode);
}

/** `vault` is settled after the first `load`. */
type Begun = {
  readonly first: FirstScreen;
  readonly vault: Promise<Vault>;
  readonly load: () => Promise<Vault>;
};

async function attachTextPort({ first, vault, load }: Begun, port: MessagePortMain): Promise<void> {
  const held = answerFirst(messagePort(port), {
    state: () => first.state(),
    onAnswered: () => setTimeout(() => void load(), drawingMs),
    onOther: () => void load(),
  });
  (await vault).attachTextPort(held);
}

/** Only main can reach the OS keychain; it sees the wrapped or the plain device secret, never a passphrase or the DEK. */
function keychainOverParent(
  start: StartMessage,
  post: (message: FromVault) => void,
  answers: Map<number, (value: string | null) => void>,
): Keychain {
  let nextId = 0;
  const ask = (operation: 'wrap' | 'unwrap', value: string): Promise<string | null> =>
    new Promise((resolve) => {
      const id = nextId;
      nextId += 1;
      answers.set(id, resolve);
      post({ kind: 'keychain-request', id, operation, value });
    });
  return {
    available: start.keychain.available,
    backend: start.keychain.backend,
    wrap: (plain) => ask('wrap', plain),
    unwrap: (wrapped) => ask('unwrap', wrapped),
  };
}
