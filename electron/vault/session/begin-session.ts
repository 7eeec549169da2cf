import type { Notice } from '../../shared/contract.ts';
import type { SignedInUser } from '../../shared/session-contract.ts';
import { closeOpenReadings } from '../turns/source-reading.ts';
import { closeOpenTurns } from '../turns/turn-outcome.ts';
import type { StartMessage } from '../vault-parts.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';

/** The first leaves of a session: what a crash left open is closed before anything new can happen. */
export function beginSession(
  open: OpenSession,
  facts: {
    readonly start: StartMessage;
    readonly user: SignedInUser;
    readonly deviceBound: boolean;
    /** What the policy wants. */
    readonly deviceBinding: 'preferred' | 'required';
    readonly nowIso: string;
    readonly onNotice: (notice: Notice) => void;
  },
): void {
  const { start } = facts;
  if (closeOpenTurns(open, 'restart') > 0) {
    facts.onNotice({
      kind: 'attention',
      message:
        'Cloister stopped while a draft was being written. Everything that was shown of it is recorded as unfinished.',
    });
  }
  closeOpenReadings(open);
  if (facts.deviceBinding === 'required' && !facts.deviceBound) {
    facts.onNotice({
      kind: 'attention',
      message:
        'The policy wants half of the key in the keychain of this computer, but here the passphrase alone guards the record. You can go on. Tell IT.',
    });
  }
  recordEvent(open, {
    type: 'session.signed-in',
    data: {
      deviceBinding: facts.deviceBound ? 'os-keychain' : 'passphrase-only',
      appSha256: start.appSha256,
      flavour: start.flavour,
      startedBecause: start.startedBecause,
    },
  });
  open.accounts.signedIn(facts.user.userId, facts.nowIso);
}
