/** Restarting something that dies at once would go on for ever: so many unexpected ends in so long, and no more. */
export type RestartBudget = {
  /** Counts one unexpected end. False: do not start it again. */
  spend(): boolean;
};

export function createRestartBudget(deps: {
  readonly allowed: number;
  readonly windowMs: number;
  readonly now: () => number;
}): RestartBudget {
  let ends: number[] = [];
  return {
    spend() {
      const now = deps.now();
      ends = [...ends.filter((end) => now - end < deps.windowMs), now];
      return ends.length <= deps.allowed;
    },
  };
}
