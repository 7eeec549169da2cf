import {
  entrySchema,
  patientIdSchema,
  turnIdSchema,
  userIdSchema,
  type Entry,
  type PatientId,
  type TurnId,
  type UserId,
} from '../../shared/ids.ts';
import { turnEndSchema, type TurnEnd } from '../../shared/turn-contract.ts';
import type { WritableDatabase } from '../database/open-database.ts';

export type StoredTurn = {
  readonly turnId: TurnId;
  readonly userId: UserId;
  readonly patientId: PatientId;
  readonly intent: Entry;
  readonly end: TurnEnd | null;
};

/** Rows of turns and of the pieces of a running answer. */
export type TurnStore = {
  insert(turn: Omit<StoredTurn, 'end'>): void;
  get(turnId: TurnId): StoredTurn | null;
  /** The turn that this entry is the intent or the outcome of. */
  withEntry(entry: Entry): StoredTurn | null;
  /** Intents without an outcome, oldest first. */
  open(): readonly StoredTurn[];
  deltas(turnId: TurnId): { readonly text: string; readonly nextSeq: number };
  /** Sets the outcome and drops the pieces: the whole text stands in the outcome's payload from then on. */
  close(turnId: TurnId, end: TurnEnd): void;
  /** The recorded answer of an ended turn. */
  response(outcome: Entry): string;
};

type Row = {
  turn_id: string;
  user_id: string;
  patient_id: string;
  intent_seq: number;
  end_json: string | null;
};

export function openTurnStore(database: WritableDatabase): TurnStore {
  const insert = database.prepare<[string, string, string, number], never>(
    'INSERT INTO turns (turn_id, user_id, patient_id, intent_seq) VALUES (?, ?, ?, ?)',
  );
  const byId = database.prepare<[string], Row>('SELECT * FROM turns WHERE turn_id = ?');
  const byEntry = database.prepare<[number, number], Row>(
    'SELECT * FROM turns WHERE intent_seq = ? OR outcome_seq = ?',
  );
  const openTurns = database.prepare<[], Row>(
    'SELECT * FROM turns WHERE outcome_seq IS NULL ORDER BY intent_seq',
  );
  const deltas = database.prepare<[string], { seq: number; text: string }>(
    'SELECT seq, text FROM turn_deltas WHERE turn_id = ? ORDER BY seq',
  );
  const close = database.prepare<[number, string, string], never>(
    'UPDATE turns SET outcome_seq = ?, end_json = ? WHERE turn_id = ? AND outcome_seq IS NULL',
  );
  const dropDeltas = database.prepare<[string], never>('DELETE FROM turn_deltas WHERE turn_id = ?');
  const response = database.prepare<[number], { text: string }>(
    "SELECT text FROM payloads WHERE seq = ? AND field = 'response'",
  );

  return {
    insert(turn) {
      insert.run(turn.turnId, turn.userId, turn.patientId, turn.intent);
    },
    get(turnId) {
      const row = byId.get(turnId);
      return row === undefined ? null : parseRow(row);
    },
    withEntry(entry) {
      const row = byEntry.get(entry, entry);
      return row === undefined ? null : parseRow(row);
    },
    open: () => openTurns.all().map(parseRow),
    deltas(turnId) {
      const rows = deltas.all(turnId);
      return { text: rows.map((row) => row.text).join(''), nextSeq: rows.length };
    },
    close(turnId, end) {
      const { changes } = close.run(end.entry, JSON.stringify(end), turnId);
      if (changes !== 1) throw new Error('a turn has one outcome');
      dropDeltas.run(turnId);
    },
    response: (outcome) => response.get(outcome)?.text ?? '',
  };
}

function parseRow(row: Row): StoredTurn {
  return {
    turnId: turnIdSchema.parse(row.turn_id),
    userId: userIdSchema.parse(row.user_id),
    patientId: patientIdSchema.parse(row.patient_id),
    intent: entrySchema.parse(row.intent_seq),
    end: row.end_json === null ? null : turnEndSchema.parse(JSON.parse(row.end_json)),
  };
}
