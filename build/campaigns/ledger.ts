import type { ToInference } from '../../electron/links/model-port.ts';
import type { VaultEvent } from '../../electron/shared/contract.ts';
import type { TurnEnd } from '../../electron/shared/turn-contract.ts';
import type { LogEventType } from '../../electron/shared/log-event-types.ts';

/** What left the vault of one record: from the moment on that it stands here, no kill and no power cut may undo it. */
export type Ledger = {
  readonly turns: Map<string, ToldTurn>;
  /** Entries that the page was told of by their number. */
  readonly entries: Map<number, ToldEntry>;
  /** Leaves that the page was told of. */
  size: number;
  /** Sign-ins that were refused with a word to the page: they wait in the sealed journal for the next sign-in. */
  failedSignIns: number;
  /** Paths of bundles that the page was told of. */
  readonly bundles: string[];
  /** The tree as it was found last: the next one must begin with it. */
  proven: { readonly size: number; readonly root: string } | null;
};
export type ToldEntry = {
  readonly type: LogEventType;
  readonly turn: string | null;
  readonly text: { readonly field: string; readonly is: string } | null;
};
export type ToldTurn = {
  /** The exact text that the model was given. */
  prompt: string | null;
  /** What the model said, piece by piece. */
  readonly said: string[];
  /** What the page was given of it. */
  shown: string;
  end: TurnEnd | null;
};

export function createLedger(): Ledger {
  return { turns: new Map(), entries: new Map(), size: 0, failedSignIns: 0, bundles: [], proven: null };
}

export function turnOf(ledger: Ledger, turnId: string): ToldTurn {
  const known = ledger.turns.get(turnId);
  if (known !== undefined) return known;
  const turn: ToldTurn = { prompt: null, said: [], shown: '', end: null };
  ledger.turns.set(turnId, turn);
  return turn;
}

export function noteEvent(ledger: Ledger, event: VaultEvent): void {
  if (event.event === 'turn.delta') turnOf(ledger, event.turnId).shown += event.text;
  else if (event.event === 'log.grew') ledger.size = Math.max(ledger.size, event.logSize);
  else if (event.event === 'turn.ended') {
    const { turnId, entry, outcome } = event.end;
    turnOf(ledger, turnId).end = event.end;
    ledger.entries.set(entry, { type: `response.${outcome}`, turn: turnId, text: null });
  }
}

export function noteModel(ledger: Ledger, message: ToInference): void {
  if (message.kind === 'generate') turnOf(ledger, message.turnId).prompt = message.user;
}
