import { expect, it } from 'vitest';
import { turnIdSchema } from '../../../electron/shared/ids.ts';
import type { VaultEvent } from '../../../electron/shared/contract.ts';
import { assemble, newAnswer, reread } from './draft-assembly.ts';

const turnId = turnIdSchema.parse('7d444840-9dc0-41d1-b245-5ffdce74fad2');
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
  ].reduce(assemble, newAnswer(turnId));
  expect([answer.text, answer.nextSeq, answer.gap]).toEqual(['Cough for days.', 2, false]);
});

it('notices a gap, shows nothing out of order, and takes the text from the record', () => {
  const gapped = [delta(0, 'Cough '), delta(2, 'days.')].reduce(assemble, newAnswer(turnId));
  expect([gapped.text, gapped.gap]).toEqual(['Cough ', true]);
  const mended = reread(gapped, { text: 'Cough for days.', nextSeq: 3, end: null });
  expect([mended.text, mended.nextSeq, mended.gap]).toEqual(['Cough for days.', 3, false]);
  expect(assemble(mended, delta(3, ' Rest.')).text).toBe('Cough for days. Rest.');
});

it('does not go back when the record was read before a piece that has come since', () => {
  const answer = [delta(0, 'Cough '), delta(1, 'for ')].reduce(assemble, newAnswer(turnId));
  expect(reread(answer, { text: 'Cough ', nextSeq: 1, end: null }).text).toBe('Cough for ');
});
