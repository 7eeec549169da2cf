import { expect, it } from 'vitest';
import { appError } from '../../shared/app-error.ts';
import { err, ok } from '../../shared/result.ts';
import { behindSelfTest } from './request-table.ts';

const wrong = appError('self-test-failed', 'age gave a wrong answer.');

it('AC-29 answers only the first screen before the primitives are tested, and nothing else where one is wrong', async () => {
  const asked: string[] = [];
  let finish: (outcome: ReturnType<typeof err<typeof wrong>>) => void = () => undefined;
  const tested = new Promise<ReturnType<typeof err<typeof wrong>>>((resolve) => {
    finish = resolve;
  });
  const { answer, isWaiting } = behindSelfTest(
    async (name) => {
      asked.push(name);
      return ok(name);
    },
    () => tested,
  );
  expect(await answer('app.getState', 'none', {})).toEqual(ok('app.getState'));
  const others = ['session.signIn', 'setup.complete', 'session.activity'].map((name) =>
    answer(name, 'none', {}),
  );
  expect(isWaiting()).toBe(true);
  finish(err(wrong));
  expect(await Promise.all(others)).toEqual(others.map(() => err(wrong)));
  expect(isWaiting()).toBe(false);
  expect(asked).toEqual(['app.getState']);
});
