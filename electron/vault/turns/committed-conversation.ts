import type { Exchange } from '../../links/model-port.ts';
import { entrySchema, turnIdSchema, type TurnId } from '../../shared/ids.ts';
import type { ReadableDatabase } from '../database/open-database.ts';
import { leafEnvelopeSchema } from '../log/leaf.ts';
import { promptData } from '../log/leaf-turns.ts';
import { openLogReader } from '../log/log-reader.ts';

/**
 * What was asked and answered before in a conversation, read from the record: the model port takes this and never text, so
 * that the model is given nothing that is not in the log. The private field makes the type nominal.
 */
export class CommittedConversation {
  readonly #fromRecord = true;
  readonly exchanges: readonly Exchange[];
  /** Of the first request: what all requests about its source begin with. */
  readonly sharedCharacters: number;

  private constructor(exchanges: readonly Exchange[], sharedCharacters: number) {
    this.exchanges = exchanges;
    this.sharedCharacters = sharedCharacters;
  }

  static readonly none = new CommittedConversation([], 0);

  static isCommitted(value: object): boolean {
    return #fromRecord in value && value.#fromRecord;
  }

  /**
   * The conversation up to and with this turn, oldest first.
   * @param sharedCharactersOf of the first turn's request
   * @returns null where one of its texts is gone (its time was over) or one of its answers has not ended
   */
  static upTo(
    database: ReadableDatabase,
    turnId: TurnId,
    sharedCharactersOf: (prompt: string, data: RecordedRequest['data']) => number,
  ): CommittedConversation | null {
    const exchanges: Exchange[] = [];
    let [next, shared]: [TurnId | null, number] = [turnId, 0];
    while (next !== null) {
      const turn = readTurn(database, next);
      if (turn === null || turn.response === null || exchanges.length >= longestConversation) return null;
      exchanges.unshift({ user: turn.prompt, model: turn.response });
      shared = sharedCharactersOf(turn.prompt, turn.data);
      next = turn.data.follows ?? null;
    }
    return new CommittedConversation(exchanges, shared);
  }
}

/** More would not fit any context; a ring of turns, which cannot be, would end here too. */
const longestConversation = 200;

export type RecordedRequest = {
  readonly data: ReturnType<typeof promptData.parse>;
  readonly system: string;
  readonly prompt: string;
  /** Null while it is being written. */
  readonly response: string | null;
};

/** @returns null where there is no such turn, or its texts are gone */
export function readTurn(database: ReadableDatabase, turnId: TurnId): RecordedRequest | null {
  const row = database
    .prepare<[string], { intent: number; outcome: number | null }>(
      'SELECT intent_seq AS intent, outcome_seq AS outcome FROM turns WHERE turn_id = ?',
    )
    .get(turnIdSchema.parse(turnId));
  if (row === undefined) return null;
  const reader = openLogReader(database);
  const leaf = reader.leaf(entrySchema.parse(row.intent));
  if (leaf === null) return null;
  const { data } = leafEnvelopeSchema.parse(JSON.parse(leaf.toString('utf8')));
  const textOf = (entry: number, field: string): string | null =>
    reader.payloadsOf(entry).find((payload) => payload.field === field)?.text ?? null;
  const [system, prompt] = [textOf(row.intent, 'system'), textOf(row.intent, 'prompt')];
  if (system === null || prompt === null) return null;
  return {
    data: promptData.parse(data),
    system,
    prompt,
    response: row.outcome === null ? null : textOf(row.outcome, 'response'),
  };
}
