import { expect, it } from 'vitest';
import { turnIdSchema } from '../../../electron/shared/ids.ts';
import type { VaultEvent } from '../../../electron/shared/contract.ts';
import { assemble, newAnswer, reread } from './draft-assembly.ts';

const turnId = turnIdSchema.parse('7d444840-9dc0-41d1-b245-5ffdce74fad2');
const asked = { turnId, taskId: 'soap-note', follows: null, question: '' } as const;
const other = turnIdSchema.parse('11111111-1111-4111-8111-111111111111');
const delta = (seq: number, text: string, id = turnId): VaultEvent => ({
  event: 'turn.delta',
  turnId: id,
  seq,
  text,
});

it('puts pieces together in order and passes over those of other answers and those that come twice', () => {
  const answer = [
    delta(0, 'Cough '),
    delta(0, 'Cough '),
    delta(0, 'alien', other),
    delta(1, 'for days.'),
  ].reduce(assemble, newAnswer(asked));
  expect([answer.text, answer.nextSeq, answer.gap]).toEqual(['Cough for days.', 2, false]);
});

it('notices a gap, shows nothing out of order, and takes the text from the record', () => {
  const gapped = [delta(0, 'Cough '), delta(2, 'days.')].reduce(assemble, newAnswer(asked));
  expect([gapped.text, gapped.gap]).toEqual(['Cough ', true]);
  const mended = reread(gapped, { ...asked, text: 'Cough for days.', nextSeq: 3, end: null });
  expect([mended.text, mended.nextSeq, mended.gap]).toEqual(['Cough for days.', 3, false]);
  expect(assemble(mended, delta(3, ' Rest.')).text).toBe('Cough for days. Rest.');
});

it('does not go back when the record was read before a piece that has come since', () => {
  const answer = [delta(0, 'Cough '), delta(1, 'for ')].reduce(assemble, newAnswer(asked));
  expect(reread(answer, { ...asked, text: 'Cough ', nextSeq: 1, end: null }).text).toBe('Cough for ');
});

it('knows its place in line, and which part of a long source is being read', () => {
  const events: VaultEvent[] = [
    { event: 'turn.queue', waiting: [other, turnId] },
    { event: 'turn.queue', waiting: [turnId] },
    { event: 'turn.queue', waiting: [] },
    { event: 'turn.reading', turnId, fraction: 0.5, step: 2, of: 3, joining: false },
  ];
  const seen = events.map((_, index) => events.slice(0, index + 1).reduce(assemble, newAnswer(asked, 3)));
  expect(seen.map(({ waiting }) => waiting)).toEqual([2, 1, 0, 0]);
  expect(seen.at(-1)?.reading).toEqual({ fraction: 0.5, step: 2, of: 3, joining: false });
});
