import type { BatchCosts } from '../shared/batch-costs.ts';
import { median } from './measure-threads.ts';

/**
 * What batches cost now. They were measured behind an empty context; behind a long one each token of a batch looks back as far as
 * one alone does, and that part of the work costs by the token. How large a part it is, is learned from the time that batches take.
 */
export type BatchTimes = {
  costs(): BatchCosts;
  /** A batch is about to be evaluated, and the one before has been. @param evaluated proposals that it had, which a grammar may cut */
  next(evaluated: number): void;
  /** What comes next is another text. */
  startAnew(): void;
};

/** The latest times of one token alone: a median is no matter of one hiccup. */
const remembered = 5;
/** Weight of each further batch: a few tell enough, and one that hung for a moment does not decide. */
const learning = 0.4;

/** @param now ms, never going back */
export function createBatchTimes(measured: BatchCosts, now: () => number): BatchTimes {
  let since: number | null = null;
  /** The first batch of an answer also reads what is left of its prompt. */
  let isFirst = true;
  let alone: number[] = [];
  /** Of the work, what costs by the token: 0 to 1. */
  let byToken = 0;

  const learn = (proposals: number, elapsedMs: number): void => {
    if (proposals === 0) {
      alone = [...alone, elapsedMs].slice(-remembered);
      return;
    }
    const before = measured.find((size) => size.proposals === proposals)?.cost;
    const most = proposals + 1;
    const aloneMs = median(alone);
    if (aloneMs <= 0 || before === undefined || before >= most) return;
    const share = (elapsedMs / aloneMs - before) / (most - before);
    byToken += (Math.min(1, Math.max(0, share)) - byToken) * learning;
  };

  return {
    costs: () =>
      byToken === 0
        ? measured
        : measured.map(({ proposals, cost }) => ({
            proposals,
            cost: cost + Math.max(0, proposals + 1 - cost) * byToken,
          })),
    next: (evaluated) => {
      const at = now();
      if (since !== null) learn(evaluated, at - since);
      since = isFirst ? null : at;
      isFirst = false;
    },
    startAnew: () => {
      since = null;
      isFirst = true;
      alone = [];
      byToken = 0;
    },
  };
}
