import { ok } from '../../shared/result.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import { unlockWithRecoveryKey } from '../keys/installation.ts';
import { parseRecoveryIdentity, recipientHash, recipientOf } from '../keys/recovery-key.ts';
import { forgetKeys } from '../keys/sealed-keys.ts';
import type { EffectivePolicy } from '../policy/load-policy.ts';
import { viewPolicy } from '../policy/policy-view.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordEvent } from '../session/record-event.ts';
import type { KeyChanges } from '../session/rotate-key.ts';
import type { Handlers } from './request-table.ts';

export type KeyDeps = {
  readonly session: () => OpenSession;
  readonly keyring: () => KeyringEditor;
  readonly policy: () => EffectivePolicy;
  readonly policyFolder: string;
  readonly nowIso: () => string;
  readonly changes: KeyChanges;
};

/** The organisation's policy, and the keys that outlive every passphrase. */
export function keyHandlers(
  deps: KeyDeps,
): Pick<Handlers, 'policy.get' | 'recovery.drill' | 'keys.rotate' | 'keys.rotateLogKey'> {
  const { session, keyring } = deps;
  return {
    'policy.get': () => ok(viewPolicy(deps.policy(), deps.policyFolder)),
    'recovery.drill': async ({ identity }) => {
      const parsed = parseRecoveryIdentity(identity);
      if (!parsed.ok) return parsed;
      const current = keyring().current();
      const opened = await unlockWithRecoveryKey({ keyring: current, identity: parsed.value });
      if (!opened.ok) return opened;
      forgetKeys(opened.value);
      const recipient = await recipientOf(parsed.value);
      recordEvent(session(), { type: 'recovery.proven', data: { recipient: recipientHash(recipient) } });
      const recovery = current.recovery.map((entry) =>
        entry.recipient === recipient ? { ...entry, provenAt: deps.nowIso() } : entry,
      );
      const written = keyring().apply({ recovery });
      return written.ok ? ok({ recipient, left: recovery.length - 1 }) : written;
    },
    'keys.rotate': () => deps.changes.rotate('by-hand'),
    'keys.rotateLogKey': () => deps.changes.rotateLogKey(),
  };
}
