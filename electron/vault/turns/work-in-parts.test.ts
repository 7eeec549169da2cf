import Database from 'better-sqlite3-multiple-ciphers';
import { expect, it } from 'vitest';
import type { TurnEnd } from '../../shared/turn-contract.ts';
import { ok } from '../../shared/result.ts';
import type { ModelGateway } from './model-gateway.ts';
import type { TurnRecorder } from './turn-recorder.ts';
import { turnIdSchema } from '../../shared/ids.ts';
import type { TurnRequest } from './turn-request.ts';
import { createWorkInParts } from './work-in-parts.ts';

const turnId = turnIdSchema.parse('11111111-1111-4111-8111-111111111111');
const sourceText = 'A made-up sentence about a visit. '.repeat(400);
const step = { entry: 7, kind: 'part', from: 0, to: 100, complete: true, atLimit: false };
const notesEnd = { outcome: 'completed', coverage: { characters: 100, steps: [step] } };

/** Takes the first step and answers it; then the disk is full. */
function fakeRecorderOnAFullDisk() {
  const told: string[] = [];
  let steps = 0;
  const recorder = {
    submit: (_request: unknown, how: { onEnded: (end: unknown, text: string) => void }) => {
      steps += 1;
      if (steps > 1) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
      queueMicrotask(() => {
        how.onEnded(notesEnd, 'Notes.');
      });
      return ok({ entry: 7, waiting: 0 });
    },
    hold: () => told.push('hold'),
    letGo: () => told.push('letGo'),
  };
  return { recorder: recorder as never as TurnRecorder, told };
}
const fakeGateway = {
  status: () => ({ state: 'ready', contextTokens: 2048 }),
  count: async (requests: readonly { user: string }[]) =>
    requests.map(({ user }) => Math.ceil(user.length / 4)),
} as never as ModelGateway;
const whole = { turnId, taskId: 'soap-note', template: { id: 't', version: 1, system: 'Write.' } };

it('a disk that fills up between two parts ends the work with a sentence, keeps what was read, and lets the queue go on', async () => {
  const { recorder, told } = fakeRecorderOnAFullDisk();
  const ended = Promise.withResolvers<TurnEnd>();
  const works = createWorkInParts({ recorder, gateway: fakeGateway, onEnded: ended.resolve });
  const task = { sourceText, question: '', sourceTokens: Math.ceil(sourceText.length / 4) };
  expect((await works.begin(whole as never as TurnRequest, task, () => undefined)).ok).toBe(true);
  const end = await ended.promise;
  expect([end.outcome, end.error?.code, end.coverage?.steps]).toEqual(['failed', 'disk-full', [step]]);
  expect(told).toEqual(['hold', 'letGo']);
});
