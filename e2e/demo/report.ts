import { existsSync, readFileSync } from 'node:fs';
import { memberText } from './bundle.ts';

/** What report.json holds. Times are milliseconds. */
export type Report = {
  readonly madeAt: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly model: { readonly id: string; readonly sha256: string };
  readonly threads: {
    readonly chosen: number;
    readonly tokensPerSecond: number;
    readonly candidates: unknown;
  };
  readonly timings: {
    readonly firstScreenMs: number;
    readonly modelCheckMs: number;
    readonly modelLoadMs: number;
    readonly timeToFirstTokenMs: number;
    readonly appendP50Ms: number;
    readonly appendP99Ms: number;
    readonly verifyMs: number;
  };
  readonly tokensPerSecond: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly leafCount: number;
};

type Hooks = {
  readonly appendMs: readonly number[];
  readonly model: {
    readonly verifyMs: number;
    readonly loadMs: number;
    readonly engineVersion: string;
    readonly llamaCppRelease: string;
    readonly threads: {
      readonly threads: number;
      readonly tokensPerSecond: number;
      readonly candidates: unknown;
    };
  };
};

/** What the vault noted for measurements while the app ran; null when the run ended before anything was noted. */
export function readHooks(path: string): Hooks | null {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** Facts of the answer, from the exported record itself. */
export function answerFacts(bundle: string): {
  timeToFirstTokenMs: number;
  generationMs: number;
  answerTokens: number;
  promptTokens: number;
} {
  const leaves = memberText(bundle, 'events.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { data } = leaves.find((leaf) => leaf.event === 'response.completed');
  return { ...data, promptTokens: data.coverage.promptTokens };
}

export function inventory(bundle: string): {
  app: string;
  versions: Record<string, string>;
  model: { id: string; sha256: string };
} {
  return JSON.parse(memberText(bundle, 'inventory.json'));
}

/** Nearest rank; `percent` from 0 to 100. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
