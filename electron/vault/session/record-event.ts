import type { LeafOutcome } from '../../shared/log-data.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { LeafData, TextField } from '../log/leaf.ts';
import type { LeafReceipt } from '../log/receipt.ts';
import type { OpenSession } from './open-session.ts';

type Event<T extends LogEventType> = {
  readonly type: T;
  readonly data: LeafData<T>;
  readonly outcome?: LeafOutcome;
  readonly texts?: Readonly<Partial<Record<TextField, string>>>;
};

/** What the person of this session did, about no patient. */
export function recordEvent<T extends LogEventType>(open: OpenSession, event: Event<T>): LeafReceipt<T> {
  const { actor, log } = open;
  return log.append({
    type: event.type,
    actor: { id: actor.userId, role: actor.role },
    session: actor.sessionId,
    patient: null,
    outcome: event.outcome ?? 'success',
    data: event.data,
    texts: event.texts ?? {},
  });
}

/**
 * The record comes first, then the deed: nothing about accounts and keys happens unrecorded. A deed that fails is
 * recorded once more, as failed.
 */
export async function recordThen<T extends LogEventType, V>(
  open: OpenSession,
  event: Event<T>,
  act: () => Result<V> | Promise<Result<V>>,
): Promise<Result<V>> {
  recordEvent(open, event);
  const done = await act();
  if (!done.ok) recordEvent(open, { ...event, outcome: 'failed' });
  return done.ok ? ok(done.value) : done;
}
