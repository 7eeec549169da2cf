import { z } from 'zod';
import type { Port } from '../links/port.ts';
import type { AppState, Notice } from '../shared/contract.ts';
import { ok, type Result } from '../shared/result.ts';
import { appState, firstNotices } from './app-state.ts';
import { loadPolicy, type EffectivePolicy } from './policy/load-policy.ts';
import type { PolicyLocation } from './policy/policy-location.ts';
import type { Provisioning } from './policy/provisioning.ts';
import { beforeLoad } from './turns/before-load.ts';
import { openInstallation, type Installation } from './setup/installation-files.ts';
import type { StartMessage } from './vault-parts.ts';

/**
 * What the screen needs that a person meets first: the key file's names and the policy. It is read and answered before the rest
 * of the vault is loaded, which takes as long again (docs/decisions/0023-cold-start.md). Nothing is opened for it, and no key.
 */
export type FirstScreen = {
  readonly installation: Result<Installation>;
  readonly policy: EffectivePolicy;
  /** What IT has prepared for the first run, or why that cannot be used. */
  readonly provisioning: Result<Provisioning | null>;
  /** Said once: an answer takes them out. */
  readonly notices: Notice[];
  state(): AppState;
};

export function readFirstScreen(input: {
  readonly start: StartMessage;
  readonly primitives: Result<void>;
  readonly location: PolicyLocation;
  readonly provisioning: Result<Provisioning | null>;
}): FirstScreen {
  const { start, primitives, location, provisioning } = input;
  const installation = primitives.ok ? openInstallation(start.dataFolder) : primitives;
  const keyring = installation.ok ? installation.value.keyring : null;
  const pinnedKey = keyring?.organisationKey ?? null;
  const policy = loadPolicy({ ...location, pinnedKey, highestSeenVersion: null });
  const notices = firstNotices(start, installation, provisioning);
  return {
    installation,
    policy,
    provisioning,
    notices,
    state: () =>
      appState({
        start,
        installation,
        policy,
        provisioning,
        user: null,
        logSize: null,
        suspicion: null,
        model: beforeLoad,
        notices: notices.splice(0),
      }),
  };
}

const askedFirst = z.strictObject({
  id: z.int().nonnegative(),
  name: z.literal('app.getState'),
  input: z.strictObject({}),
});

/**
 * The vault's end of a text port until there is a vault: says what the first screen is, and keeps everything else.
 * @param onAnswered after each such answer
 * @param onOther the vault itself is wanted
 * @returns the port for the vault, which hears what was kept
 */
export function answerFirst(
  port: Port,
  deps: { readonly state: () => AppState; readonly onAnswered: () => void; readonly onOther: () => void },
): Port {
  let listener: ((message: unknown) => void) | null = null;
  const kept: unknown[] = [];
  port.onMessage((message) => {
    if (listener !== null) {
      listener(message);
      return;
    }
    const frame = askedFirst.safeParse(message);
    if (frame.success) {
      port.postMessage({ id: frame.data.id, result: ok(deps.state()) });
      deps.onAnswered();
    } else {
      kept.push(message);
      deps.onOther();
    }
  });
  return {
    ...port,
    onMessage: (next) => {
      listener = next;
      for (const message of kept.splice(0)) next(message);
    },
  };
}
