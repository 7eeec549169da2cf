import { createHash, randomUUID } from 'node:crypto';
import {
  patientIdSchema,
  sessionIdSchema,
  turnIdSchema,
  userIdSchema,
  type Entry,
  type UserId,
} from '../../electron/shared/ids.ts';
import type { LeafDraft } from '../../electron/vault/log/audit-log.ts';
import type { LogEventType } from '../../electron/shared/log-event-types.ts';

/** Made-up interactions: a request of about 1,400 characters with its instructions, an answer of about 600. */

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
/** The same numbers in each run. */
let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

const syllables = [
  'ba',
  'ke',
  'ri',
  'to',
  'mu',
  'sa',
  'ne',
  'li',
  'po',
  'du',
  'ga',
  'fe',
  'hi',
  'vo',
  'zu',
  'ta',
];
/** The nth of 20,000 words; small numbers are common. */
function wordNumber(n: number): string {
  let word = '';
  for (let rest = n + 16; rest > 0; rest = Math.floor(rest / 16))
    word = `${syllables[rest % 16] ?? ''}${word}`;
  return word;
}
export const vocabulary = Array.from({ length: 20_000 }, (_, n) => wordNumber(n));
/** Most words of a text are common, as in any language. */
function text(words: number): string {
  const chosen = Array.from(
    { length: words },
    () => vocabulary[Math.floor(20_000 ** (random(10_000) / 10_000)) - 1],
  );
  return `${chosen.join(' ')}.`;
}

export const patients = Array.from({ length: 2000 }, (_, n) => ({
  id: patientIdSchema.parse(hex(`patient ${n}`).slice(0, 32)),
  reference: `MRN-${String(n).padStart(5, '0')}`,
}));

const models = [hex('model 0'), hex('model 1')];
const instructions = text(60);

/** @param writer writes a quarter of them; three others, whom no key file knows, write the rest */
export function createEntries(writer: UserId) {
  const writers = [writer, ...Array.from({ length: 3 }, () => userIdSchema.parse(randomUUID()))];
  const session = sessionIdSchema.parse(randomUUID());

  /** @param intent index of the first of the two */
  return function interaction(intent: Entry): readonly [LeafDraft<LogEventType>, LeafDraft<LogEventType>] {
    const turn = turnIdSchema.parse(randomUUID());
    const id = writers[random(writers.length)] ?? writer;
    const about = {
      actor: { id, role: 'clinician' },
      session,
      patient: patients[random(patients.length)]?.id ?? null,
    } as const;
    const isNew = random(2) === 0;
    return [
      {
        type: 'prompt.submitted',
        ...about,
        outcome: 'success',
        data: {
          turn,
          task: 'soap-note',
          template: { id: 'soap-note', version: 1 },
          regenerates: null,
          model: models[isNew ? 1 : 0] ?? '',
          modelId: isNew ? 'larger-model' : 'smaller-model',
          engine: '3.22.1',
          llamaCpp: 'b1',
          sampler: {
            temperature: 0.2,
            topP: 0.95,
            topK: 40,
            minP: 0.05,
            repeatPenalty: 1.1,
            seed: random(2 ** 31),
          },
          contextTokens: 4096,
          reservedAnswerTokens: 256,
          maxAnswerTokens: 1024,
          destination: 'local',
        },
        texts: { system: instructions, prompt: text(140) },
      },
      {
        // One in a hundred is stopped.
        type: random(100) === 0 ? 'response.aborted' : 'response.completed',
        ...about,
        outcome: random(100) === 0 ? 'stopped' : 'success',
        data: {
          turn,
          intent,
          reason: 'end-of-answer',
          code: null,
          deltas: 40,
          answerTokens: 160,
          timeToFirstTokenMs: 400,
          generationMs: 9000 + random(9000),
          coverage: {
            promptTokens: 500,
            evaluatedPromptTokens: 500,
            contextTokens: 4096,
            overByTokens: 0,
            complete: true,
          },
        },
        texts: { response: text(90) },
      },
    ];
  };
}
