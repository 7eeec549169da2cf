import type { Entry, TurnId } from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { TextField } from './leaf.ts';

/**
 * Proof that something stands in the log on disk. Only `audit-log.ts` makes receipts (oxlint refuses the import of this
 * file's classes elsewhere), after COMMIT; the model port and the text port take receipts and never text. The private
 * fields make the types nominal: an object literal of the same shape is refused by the compiler, and by `isReceipt`.
 */
export class LeafReceipt<T extends LogEventType> {
  readonly #committed = true;
  readonly type: T;
  readonly seq: Entry;
  readonly texts: Readonly<Partial<Record<TextField, string>>>;

  constructor(type: T, seq: Entry, texts: Readonly<Partial<Record<TextField, string>>>) {
    this.type = type;
    this.seq = seq;
    this.texts = texts;
  }

  static isReceipt(value: object): boolean {
    return #committed in value;
  }
}

/** One piece of a running answer that is durable: it may be shown. */
export class DeltaReceipt {
  readonly #committed = true;
  readonly turnId: TurnId;
  readonly seq: number;
  readonly text: string;

  constructor(turnId: TurnId, seq: number, text: string) {
    this.turnId = turnId;
    this.seq = seq;
    this.text = text;
  }

  static isReceipt(value: object): boolean {
    return #committed in value;
  }
}
