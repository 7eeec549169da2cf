import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeltaBatcher } from './delta-batcher.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first piece goes at once, the following ones together, and the rest at the end', () => {
  const sent: string[] = [];
  const batcher = createDeltaBatcher({ emit: (text) => sent.push(text), intervalMs: 50 });
  batcher.push('The');
  batcher.push(' knee');
  batcher.push(' is');
  const atOnce = [...sent];
  vi.advanceTimersByTime(50);
  batcher.push(' sore');
  const afterInterval = [...sent];
  batcher.flush();
  vi.advanceTimersByTime(500);
  expect({ atOnce, afterInterval, sent }).toEqual({
    atOnce: ['The'],
    afterInterval: ['The', ' knee is'],
    sent: ['The', ' knee is', ' sore'],
  });
});

test('a piece after a pause goes at once', () => {
  const sent: string[] = [];
  const batcher = createDeltaBatcher({ emit: (text) => sent.push(text), intervalMs: 50 });
  batcher.push('a');
  vi.advanceTimersByTime(200);
  batcher.push('b');
  expect(sent).toEqual(['a', 'b']);
});
