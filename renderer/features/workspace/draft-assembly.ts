import type { TurnEnd, VaultEvent } from '../../../electron/shared/contract.ts';
import type { TurnId } from '../../../electron/shared/ids.ts';

/** One answer as the page knows it. */
export type Answer = {
  readonly turnId: TurnId;
  readonly text: string;
  /** Number of the piece that comes next. */
  readonly nextSeq: number;
  /** Of the source, that the model has read; null once it writes. */
  readonly readFraction: number | null;
  readonly end: TurnEnd | null;
  /** A piece is missing: the page has to read the answer again from the record. */
  readonly gap: boolean;
};

export function newAnswer(turnId: TurnId): Answer {
  return { turnId, text: '', nextSeq: 0, readFraction: 0, end: null, gap: false };
}

/** Applies an event of the vault. Pieces of other turns and pieces that are already there change nothing. */
export function assemble(answer: Answer, event: VaultEvent): Answer {
  switch (event.event) {
    case 'turn.delta':
      if (event.turnId !== answer.turnId || event.seq < answer.nextSeq) return answer;
      if (event.seq > answer.nextSeq) return { ...answer, gap: true };
      return { ...answer, text: answer.text + event.text, nextSeq: event.seq + 1, readFraction: null };
    case 'turn.reading':
      return event.turnId === answer.turnId && answer.nextSeq === 0
        ? { ...answer, readFraction: event.fraction }
        : answer;
    case 'turn.ended':
      return event.end.turnId === answer.turnId ? { ...answer, end: event.end, readFraction: null } : answer;
    default:
      return answer;
  }
}

/** What the record holds replaces what was assembled. */
export function reread(
  answer: Answer,
  read: { readonly text: string; readonly nextSeq: number; readonly end: TurnEnd | null },
): Answer {
  if (read.end === null && read.nextSeq < answer.nextSeq) return { ...answer, gap: false };
  return {
    ...answer,
    text: read.text,
    nextSeq: read.nextSeq,
    end: read.end ?? answer.end,
    readFraction: null,
    gap: false,
  };
}
