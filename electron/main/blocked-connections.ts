/** Attempts that were refused in this process, kept until the vault can be told. Only the kind of call is known. */
export type BlockedConnections = {
  report(api: string): void;
  /** From now on each goes to `listener`, the waiting ones first; with null they wait again. */
  deliverTo(listener: ((api: string) => void) | null): void;
};

/** A flood before the vault is there must not fill the memory. */
const maximumWaiting = 100;

export function createBlockedConnections(): BlockedConnections {
  const waiting: string[] = [];
  let deliver: ((api: string) => void) | null = null;
  return {
    report(api) {
      if (deliver !== null) deliver(api);
      else if (waiting.length < maximumWaiting) waiting.push(api);
    },
    deliverTo(listener) {
      deliver = listener;
      if (listener !== null) for (const api of waiting.splice(0)) listener(api);
    },
  };
}
