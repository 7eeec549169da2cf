import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Entry, PatientId, UserId } from '../../shared/ids.ts';
import { entrySchema, patientIdSchema, userIdSchema } from '../../shared/ids.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import type { AuditLog } from '../log/audit-log.ts';
import type { LeafData } from '../log/leaf.ts';
import type { Actor } from '../session/session.ts';
import type { ModelGateway, ReadAheadMessage } from './model-gateway.ts';
import { beginningFor, templateFor } from './templates.ts';
import { reservedAnswerTokens } from './turn-request.ts';

/**
 * Lets the model read a source before anybody asks about it. That is an interaction of its own: its intent is committed
 * before the model hears a word, and it has an outcome.
 */
export type SourceReading = {
  /** @returns the entry of the intent; null where nothing was begun */
  begin(source: { readonly patientId: PatientId; readonly text: string }): Entry | null;
  receive(message: ReadAheadMessage): void;
  /** The source is off the desk: what the model has of it goes. */
  release(): void;
  /** At sign-out, lock and quit, and when the inference process is gone. */
  abort(reason: 'signed-out' | 'engine-stopped'): void;
};

type Ended = LeafData<'source.evaluation-ended'>;
type Open = {
  readonly evaluationId: string;
  readonly userId: UserId;
  readonly patientId: PatientId;
  readonly intent: Entry;
};
type Numbers = Pick<Ended, 'promptTokens' | 'evaluatedTokens' | 'elapsedMs'>;
const noNumbers: Numbers = { promptTokens: 0, evaluatedTokens: 0, elapsedMs: 0 };

/** A shorter text is read in a moment when somebody asks. */
const shortestCharacters = 200;

export function createSourceReading(deps: {
  readonly database: WritableDatabase;
  readonly log: AuditLog;
  readonly gateway: ModelGateway;
  readonly actor: Actor;
  readonly model: { readonly id: string; readonly sha256: string };
  /** Policy `readSourceAhead`. */
  readonly isAllowed: boolean;
  readonly isBusy: () => boolean;
  readonly onFraction: (fraction: number | null) => void;
}): SourceReading {
  const { database, log, gateway, actor, model } = deps;
  let open: Open | null = null;
  /** What the model has read, or reads: the same again would be no news to it. */
  let last: { readonly patientId: PatientId; readonly text: string } | null = null;

  function end(reason: Ended['reason'], numbers: Numbers): void {
    if (open === null) return;
    const ended = open;
    open = null;
    recordEnd({ database, log, actor }, ended, reason, numbers);
    if (reason !== 'complete' && reason !== 'interrupted') last = null;
    deps.onFraction(reason === 'complete' ? 1 : null);
  }

  return {
    begin({ patientId, text }) {
      const [facts, status] = [gateway.facts(), gateway.status()];
      if (!deps.isAllowed || facts === null || status.state !== 'ready') return null;
      if (text.trim().length < shortestCharacters || deps.isBusy()) return null;
      if (last?.patientId === patientId && last.text === text) return null;
      // One at a time in the record too: the model drops the one before at once.
      end('interrupted', noNumbers);
      const { system } = templateFor('visit-summary');
      const evaluationId = randomUUID();
      const receipt = log.append(
        {
          type: 'source.evaluated',
          actor: { id: actor.userId, role: actor.role },
          session: actor.sessionId,
          patient: patientId,
          outcome: 'success',
          data: {
            evaluation: evaluationId,
            model: model.sha256,
            modelId: model.id,
            engine: facts.engineVersion,
            llamaCpp: facts.llamaCppRelease,
            contextTokens: status.contextTokens,
            source: { characters: text.length, from: 0, to: text.length },
          },
          texts: { system, content: beginningFor(text).text },
        },
        (seq) => {
          database
            .prepare(
              'INSERT INTO source_readings (evaluation_id, user_id, patient_id, intent_seq) VALUES (?, ?, ?, ?)',
            )
            .run(evaluationId, actor.userId, patientId, seq);
        },
      );
      open = { evaluationId, userId: actor.userId, patientId, intent: receipt.seq };
      last = { patientId, text };
      gateway.readAhead(receipt, { evaluationId, reservedAnswerTokens });
      deps.onFraction(0);
      return receipt.seq;
    },
    receive(message) {
      if (message.evaluationId !== open?.evaluationId) return;
      if (message.kind === 'evaluating') return deps.onFraction(message.fraction);
      const { reason, promptTokens, evaluatedTokens, elapsedMs } = message;
      end(reason, { promptTokens, evaluatedTokens, elapsedMs: Math.round(elapsedMs) });
    },
    release() {
      // Also where nothing was read ahead: a draft leaves its source and itself there.
      last = null;
      gateway.release();
      // Its end comes with the figures where it is still being read.
      if (open === null) deps.onFraction(null);
    },
    abort(reason) {
      end(reason, noNumbers);
      last = null;
    },
  };
}

/** After a crash: every source that was being read has an outcome. */
export function closeOpenReadings(deps: {
  readonly database: WritableDatabase;
  readonly log: AuditLog;
}): void {
  const rows = deps.database
    .prepare<[], unknown>(
      'SELECT evaluation_id AS evaluationId, user_id AS userId, patient_id AS patientId, intent_seq AS intent FROM source_readings WHERE outcome_seq IS NULL ORDER BY intent_seq',
    )
    .all();
  for (const row of rows) recordEnd({ ...deps, actor: null }, openSchema.parse(row), 'restart', noNumbers);
}

const openSchema = z.strictObject({
  evaluationId: z.uuid(),
  userId: userIdSchema,
  patientId: patientIdSchema,
  intent: entrySchema,
});

function recordEnd(
  {
    database,
    log,
    actor,
  }: {
    readonly database: WritableDatabase;
    readonly log: AuditLog;
    /** Null: the system closes what a crash left, in the record of the person whose source it was. */
    readonly actor: Actor | null;
  },
  reading: Open,
  reason: Ended['reason'],
  numbers: Numbers,
): void {
  log.append(
    {
      type: 'source.evaluation-ended',
      actor: actor === null ? { id: reading.userId, role: 'system' } : { id: actor.userId, role: actor.role },
      session: actor?.sessionId ?? null,
      patient: reading.patientId,
      outcome: reason === 'complete' ? 'success' : outcomes[reason],
      data: { evaluation: reading.evaluationId, intent: reading.intent, reason, ...numbers },
      texts: {},
    },
    (seq) => {
      database
        .prepare('UPDATE source_readings SET outcome_seq = ? WHERE evaluation_id = ? AND outcome_seq IS NULL')
        .run(seq, reading.evaluationId);
    },
  );
}

const outcomes = {
  interrupted: 'stopped',
  released: 'stopped',
  'signed-out': 'stopped',
  'does-not-fit': 'refused',
  'engine-stopped': 'failed',
  restart: 'stopped',
  error: 'failed',
} as const;
