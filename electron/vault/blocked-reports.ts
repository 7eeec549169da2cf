export type BlockedProcess = 'main' | 'vault' | 'inference' | 'page' | 'egress';

/** Connection attempts that a guard refused, kept until somebody is signed in and they can be recorded. */
export type BlockedReports = {
  report(process: BlockedProcess, api: string): void;
  /** From now on each report goes to `listener`, the waiting ones first. */
  deliverTo(listener: (process: BlockedProcess, api: string) => void): void;
};

/** While nobody is signed in a flood must not fill the memory. */
const maximumWaiting = 100;

export function createBlockedReports(): BlockedReports {
  const waiting: { readonly process: BlockedProcess; readonly api: string }[] = [];
  let listener: ((process: BlockedProcess, api: string) => void) | null = null;
  return {
    report(process, api) {
      if (listener !== null) listener(process, api);
      else if (waiting.length < maximumWaiting) waiting.push({ process, api });
    },
    deliverTo(next) {
      listener = next;
      for (const { process, api } of waiting.splice(0)) next(process, api);
    },
  };
}
