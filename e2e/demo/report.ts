import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
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

const hooksSchema = z.looseObject({
  appendMs: z.array(z.number()),
  model: z.looseObject({
    verifyMs: z.number(),
    loadMs: z.number(),
    engineVersion: z.string(),
    llamaCppRelease: z.string(),
    threads: z.looseObject({
      threads: z.int(),
      tokensPerSecond: z.number(),
      candidates: z.array(z.unknown()),
    }),
  }),
});
const leafSchema = z.looseObject({ event: z.string(), data: z.unknown() });
const answerSchema = z.looseObject({
  timeToFirstTokenMs: z.number(),
  generationMs: z.number(),
  answerTokens: z.int(),
  coverage: z.looseObject({ promptTokens: z.int() }),
});
const inventorySchema = z.looseObject({
  app: z.string(),
  versions: z.record(z.string(), z.string()),
  model: z.strictObject({ id: z.string(), sha256: z.string() }),
});

/** What the vault noted for measurements while the app ran; null when the run ended before anything was noted. */
export function readHooks(path: string): z.infer<typeof hooksSchema> | null {
  return existsSync(path) ? hooksSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : null;
}

/** Facts of the answer, from the exported record itself. */
export function answerFacts(bundle: string): z.infer<typeof answerSchema> {
  const lines = memberText(bundle, 'events.jsonl').trimEnd().split('\n');
  const leaf = lines
    .map((line) => leafSchema.parse(JSON.parse(line)))
    .find(({ event }) => event === 'response.completed');
  return answerSchema.parse(leaf?.data);
}

export function inventory(bundle: string): z.infer<typeof inventorySchema> {
  return inventorySchema.parse(JSON.parse(memberText(bundle, 'inventory.json')));
}

/** Nearest rank; `percent` from 0 to 100. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
