import type { LeafOutcome } from '../../shared/log-data.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { LeafData } from '../log/leaf.ts';
import type { OpenSession } from './open-session.ts';

/** An event that no person caused, recorded while somebody is signed in. */
export function recordSystemEvent<T extends LogEventType>(
  open: OpenSession,
  type: T,
  outcome: LeafOutcome,
  data: LeafData<T>,
): void {
  open.log.append({
    type,
    actor: { id: null, role: 'system' },
    session: open.actor.sessionId,
    patient: null,
    outcome,
    data,
    texts: {},
  });
}
