import { useEffect, useState } from 'react';
import type { TurnId } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { assemble, newAnswer, reread, type Answer } from './draft-assembly.ts';

export type AnswersModel = {
  /** In the order in which they were asked for. */
  readonly answers: readonly Answer[];
  /** In the place of the one that it replaces, or behind all others. */
  put(answer: Answer, replaces: TurnId | null): void;
  /** Reads these turns from the record; those that are not there any more are left out. */
  read(turnIds: readonly TurnId[]): Promise<void>;
  clear(): void;
};

/** The drafts on the desk, put together from what the vault releases. */
export function useAnswers(): AnswersModel {
  const { vault } = useApp();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);

  useEffect(
    () =>
      vault.onEvent((event) => {
        setAnswers((before) => before.map((answer) => assemble(answer, event)));
      }),
    [vault],
  );

  const gapIn = answers.find(({ gap }) => gap)?.turnId ?? null;
  useEffect(() => {
    if (gapIn === null) return;
    void vault.request('chat.reread', { turnId: gapIn }).then((read) => {
      if (!read.ok) return;
      setAnswers((before) =>
        before.map((answer) => (answer.turnId === gapIn ? reread(answer, read.value) : answer)),
      );
    });
  }, [vault, gapIn]);

  return {
    answers,
    put(answer, replaces) {
      setAnswers((before) => {
        const at = before.findIndex(({ turnId }) => turnId === replaces);
        return at === -1 ? [...before, answer] : before.with(at, answer);
      });
    },
    async read(turnIds) {
      for (const turnId of turnIds) {
        const read = await vault.request('chat.reread', { turnId });
        if (!read.ok) continue;
        const { taskId, follows, question } = read.value;
        const answer = reread(newAnswer({ turnId, taskId, follows, question }), read.value);
        setAnswers((before) =>
          before.some((known) => known.turnId === turnId) ? before : [...before, answer],
        );
      }
    },
    clear: () => {
      setAnswers([]);
    },
  };
}
