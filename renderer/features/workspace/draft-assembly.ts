import type { RequestOutput, VaultEvent } from '../../../electron/shared/contract.ts';
import type { TurnId } from '../../../electron/shared/ids.ts';
import type { TaskId } from '../../../electron/shared/tasks.ts';
import type { TurnEnd } from '../../../electron/shared/turn-contract.ts';

/** How far the model has read, before it writes; of a long source: which of its parts. */
export type Reading = {
  readonly fraction: number;
  readonly step: number;
  readonly of: number;
  /** The notes on the parts are being joined. */
  readonly joining: boolean;
};

/** One answer as the page knows it. */
export type Answer = {
  readonly turnId: TurnId;
  readonly taskId: TaskId;
  /** The turn that it goes on from. */
  readonly follows: TurnId | null;
  /** What was asked in own words. */
  readonly question: string;
  readonly text: string;
  /** Number of the piece that comes next. */
  readonly nextSeq: number;
  /** Null once it writes. */
  readonly reading: Reading | null;
  /** Requests that come before it; 0: it is being written, or has ended. */
  readonly waiting: number;
  readonly end: TurnEnd | null;
  /** A piece is missing: the page has to read the answer again from the record. */
  readonly gap: boolean;
};

export type AskedFor = Pick<Answer, 'turnId' | 'taskId' | 'follows' | 'question'>;

export function newAnswer(asked: AskedFor, waiting = 0): Answer {
  const reading = { fraction: 0, step: 1, of: 1, joining: false };
  return { ...asked, text: '', nextSeq: 0, reading, waiting, end: null, gap: false };
}

/** Applies an event of the vault. Pieces of other turns and pieces that are already there change nothing. */
export function assemble(answer: Answer, event: VaultEvent): Answer {
  switch (event.event) {
    case 'turn.delta':
      if (event.turnId !== answer.turnId || event.seq < answer.nextSeq) return answer;
      if (event.seq > answer.nextSeq) return { ...answer, gap: true };
      return { ...answer, text: answer.text + event.text, nextSeq: event.seq + 1, reading: null };
    case 'turn.reading': {
      if (event.turnId !== answer.turnId || answer.nextSeq > 0) return answer;
      const { fraction, step, of, joining } = event;
      return { ...answer, reading: { fraction, step, of, joining } };
    }
    case 'turn.queue':
      return answer.end === null ? { ...answer, waiting: event.waiting.indexOf(answer.turnId) + 1 } : answer;
    case 'turn.ended':
      return event.end.turnId === answer.turnId
        ? { ...answer, end: event.end, reading: null, waiting: 0 }
        : answer;
    default:
      return answer;
  }
}

/** What the record holds replaces what was assembled. */
export function reread(answer: Answer, read: RequestOutput<'chat.reread'>): Answer {
  if (read.end === null && read.nextSeq < answer.nextSeq) return { ...answer, gap: false };
  const { taskId, follows, question, text, nextSeq } = read;
  const end = read.end ?? answer.end;
  const isSilent = end === null && nextSeq === 0;
  return {
    ...answer,
    taskId,
    follows,
    question,
    text,
    nextSeq,
    end,
    reading: isSilent ? answer.reading : null,
    gap: false,
  };
}

export function isRunning(answer: Answer | null): boolean {
  return answer !== null && answer.end === null;
}
