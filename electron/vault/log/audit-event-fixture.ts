import { z } from 'zod';
import { leafOutcomeSchema } from '../../shared/log-data.ts';
import { logEventTypeSchema, type LogEventType } from '../../shared/log-event-types.ts';
import { auditEventKinds } from './audit-event-kinds.ts';
import { auditEventLines } from './audit-event.ts';
import { canonicalBytes, type JsonValue } from './canonical-json.ts';

/** For tests: made-up leaves of every event, and the AuditEvents that are written of them. */
export const installation = '0b9b1f4e-31a5-4a0c-9d2b-0d5f5e1f7a11';
export const facts = { origin: `cloister.clinic.example/${installation}/2`, flavour: 'release' } as const;
export const user = '11111111-1111-4111-8111-111111111111';
export const other = '22222222-2222-4222-8222-222222222222';
export const session = '33333333-3333-4333-8333-333333333333';
const device = '44444444-4444-4444-8444-444444444444';
const turn = '55555555-5555-4555-8555-555555555555';
export const patient = 'ab'.repeat(16);

/** A leaf of each event, with what the events of its kind have. */
export function leafOf(
  event: LogEventType,
  change: Record<string, JsonValue> = {},
): Record<string, JsonValue> {
  const about = {
    turn: /^(?:prompt|response|note)/u.test(event) ? { turn } : {},
    user: event.startsWith('user.') ? { user: other } : {},
  };
  return {
    v: 1,
    seq: 0,
    event,
    at: '2026-11-23T09:00:00.123Z',
    monotonicMs: 1,
    bootId: '66666666-6666-4666-8666-666666666666',
    timeSync: 'unknown',
    actor: { id: user, role: 'clinician' },
    session,
    device,
    patient: auditEventKinds[event].pattern === null ? null : patient,
    outcome: 'success',
    app: '0.1.0',
    texts: {},
    data: { ...about.turn, ...about.user },
    ...change,
  };
}

const codingSchema = z.object({ system: z.string(), code: z.string(), display: z.string() });
const conceptSchema = z.object({ coding: z.array(codingSchema).optional(), text: z.string().optional() });
const whatSchema = z.object({
  type: z.string().optional(),
  identifier: z.object({ system: z.string(), value: z.string() }),
});
const agentSchema = z.object({
  type: conceptSchema.optional(),
  role: z.array(conceptSchema).optional(),
  who: whatSchema,
  name: z.string().optional(),
  requestor: z.boolean(),
  policy: z.array(z.string()).optional(),
  network: z.object({ address: z.string(), type: z.string() }).optional(),
  media: z.unknown().optional(),
});
export const eventSchema = z.object({
  resourceType: z.literal('AuditEvent'),
  id: z.string(),
  meta: z.unknown().optional(),
  type: codingSchema,
  subtype: z.array(codingSchema).optional(),
  action: z.string().optional(),
  period: z.unknown().optional(),
  recorded: z.string().optional(),
  outcome: z.string(),
  outcomeDesc: z.string().optional(),
  purposeOfEvent: z.array(conceptSchema).optional(),
  agent: z.array(agentSchema),
  source: z.object({ site: z.string(), observer: whatSchema, type: z.array(codingSchema) }),
  entity: z.array(
    z.object({
      what: whatSchema,
      type: codingSchema,
      role: codingSchema,
      detail: z.array(z.object({ type: z.string(), valueString: z.string() })).optional(),
    }),
  ),
});
export type AuditEvent = z.infer<typeof eventSchema>;

export const linesOf = (leaves: readonly Uint8Array[]): string[] =>
  [
    ...auditEventLines(
      leaves.map((bytes, index) => ({ index, bytes })),
      facts,
    ),
  ].map((line) => Buffer.from(line).toString('utf8'));
export const eventOf = (leaf: JsonValue): AuditEvent =>
  eventSchema.parse(JSON.parse(linesOf([canonicalBytes(leaf)])[0] ?? ''));

/** One of each event, outcome and kind of actor. */
export const leavesOfEachKind = logEventTypeSchema.options.flatMap((event) =>
  leafOutcomeSchema.options.flatMap((outcome) =>
    [
      { id: user, role: 'clinician' },
      { id: null, role: 'system' },
      { id: user, role: 'system' },
    ].map((actor) => leafOf(event, { outcome, actor })),
  ),
);
