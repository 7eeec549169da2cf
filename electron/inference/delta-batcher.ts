/** Collects pieces of an answer and passes them on together about every `intervalMs`; the first goes at once. */
export type DeltaBatcher = { push(text: string): void; flush(): void };

export function createDeltaBatcher(deps: {
  readonly emit: (text: string) => void;
  readonly intervalMs: number;
}): DeltaBatcher {
  let pending = '';
  let timer: NodeJS.Timeout | null = null;

  const send = (): void => {
    if (pending === '') return;
    const text = pending;
    pending = '';
    deps.emit(text);
  };
  const onTimer = (): void => {
    timer = null;
    if (pending !== '') startInterval();
    send();
  };
  const startInterval = (): void => {
    timer = setTimeout(onTimer, deps.intervalMs);
  };

  return {
    push: (text) => {
      pending += text;
      if (timer !== null || pending === '') return;
      send();
      startInterval();
    },
    flush: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      send();
    },
  };
}
