import type { Notice } from '../../shared/contract.ts';
import type { SealedJournal } from '../journal/sealed-journal.ts';
import { likelyOutOfMemory } from '../turns/engine-watchdog.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import type { OpenSession } from './open-session.ts';
import { recordSystemEvent } from './system-events.ts';

/** The inference process has ended: what ran is recorded as stopped, and why is said where it is known. */
export function inferenceEnd(
  { exitCode, replaced }: { readonly exitCode: number; readonly replaced: boolean },
  deps: {
    readonly gateway: ModelGateway;
    readonly journal: Pick<SealedJournal, 'append'>;
    readonly onNotice: (notice: Notice) => void;
    /** Main was asked to end it: its end says nothing about memory. */
    readonly isHung: boolean;
    readonly session: OpenSession | null;
  },
): void {
  const { gateway, journal, session } = deps;
  gateway.detach();
  if (!replaced) gateway.giveUp();
  const memory = deps.isHung ? null : likelyOutOfMemory(exitCode);
  if (memory !== null && replaced) deps.onNotice({ kind: 'attention', message: memory.message });
  const ended = { process: 'inference', exitCode } as const;
  if (session === null) void journal.append({ type: 'process.ended', ...ended });
  else recordSystemEvent(session, 'process.ended', 'attention', { ...ended, observed: null });
}
