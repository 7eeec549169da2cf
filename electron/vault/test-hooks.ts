import { writeFileSync } from 'node:fs';

/**
 * What tests and measurements need to know of the inside: append timings, and the raw database key so that another
 * SQLCipher build can open the file. Main never names a hooks file in a packaged app, so there it does nothing.
 */
export type TestHooks = {
  appended(elapsedMs: number): void;
  /** `value` is asked for only where there is a hooks file: a key must not become a string for nothing. */
  note(name: string, value: () => unknown): void;
  flush(): void;
};

export function createTestHooks(file: string | null): TestHooks {
  if (file === null) return { appended: () => undefined, note: () => undefined, flush: () => undefined };
  const notes: Record<string, unknown> = {};
  const appendMs: number[] = [];
  const flush = (): void => {
    writeFileSync(file, JSON.stringify({ ...notes, appendMs }), { mode: 0o600 });
  };
  return {
    appended: (elapsedMs) => {
      appendMs.push(elapsedMs);
    },
    note(name, value) {
      notes[name] = value();
      flush();
    },
    flush,
  };
}
