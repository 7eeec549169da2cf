import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  generationReportSchema,
  threadChoiceSchema,
  type ThreadChoice,
} from '../../electron/links/model-port.ts';
import type { StructureId } from '../../electron/shared/structures.ts';
import { checkout } from '../setup/cache-folder.mjs';
import { startLineChild } from './child-lines.ts';
import { measuredModel, type MeasuredModel } from './measured-model.ts';

/** Our engine in a process of its own, with the model loaded. */
export type EngineBench = {
  readonly model: MeasuredModel;
  readonly choice: ThreadChoice;
  generate(asked: Asked): Promise<z.infer<typeof generatedSchema>>;
  read(system: string, user: string): Promise<z.infer<typeof readSchema>>;
  /** Forgets what was read. */
  release(): Promise<void>;
  /** Loads the same model once more. */
  load(): Promise<z.infer<typeof loadedSchema>>;
  close(): Promise<void>;
};
export type Asked = {
  readonly system: string;
  readonly earlier?: readonly { readonly user: string; readonly model: string }[];
  readonly user: string;
  readonly sharedCharacters?: number;
  readonly structure?: StructureId;
  readonly answerTokens: number;
};

const loadedSchema = z.looseObject({
  loadMs: z.number(),
  verifyMs: z.number(),
  threads: threadChoiceSchema,
});
const generatedSchema = generationReportSchema.extend({ text: z.string() });
const readSchema = z.looseObject({ evaluatedTokens: z.int(), elapsedMs: z.number() });

/** @param change of what was measured, for a peer that works otherwise */
export async function openEngine(
  change: Partial<ThreadChoice> = {},
): Promise<EngineBench | { readonly skipped: string }> {
  const model = await measuredModel();
  if (model === null) return { skipped: 'the embedded model is not in the cache' };
  const child = startLineChild('engine-child.ts');
  const load = async (known: ThreadChoice | null) =>
    loadedSchema.parse(await child.ask({ do: 'load', model: model.specification, known }));
  const measured = (await load(keptChoice())).threads;
  keepChoice(measured);
  const choice = { ...measured, ...change };
  if (Object.keys(change).length > 0) await load(choice);
  return {
    model,
    choice,
    generate: async ({ earlier = [], sharedCharacters = 0, structure = null, ...asked }) =>
      generatedSchema.parse(
        await child.ask({ do: 'generate', earlier, sharedCharacters, structure, ...asked }),
      ),
    read: async (system, user) => readSchema.parse(await child.ask({ do: 'read', system, user })),
    release: async () => {
      await child.ask({ do: 'release' });
    },
    load: () => load(choice),
    close: () => child.end(),
  };
}

/** Kept from run to run, as the app keeps it: measuring takes ten seconds. */
const choiceFile = join(checkout, '.cache/bench/threads.json');

function keptChoice(): ThreadChoice | null {
  try {
    return threadChoiceSchema.parse(JSON.parse(readFileSync(choiceFile, 'utf8')));
  } catch {
    return null;
  }
}

function keepChoice(choice: ThreadChoice): void {
  mkdirSync(join(checkout, '.cache/bench'), { recursive: true });
  writeFileSync(choiceFile, JSON.stringify(choice));
}

const timedSchema = z.strictObject({ promptMs: z.number(), tokensPerSecond: z.number().nullable() });

/** node-llama-cpp alone, on the same model with the same threads. */
export async function openPlain({ model, choice }: Pick<EngineBench, 'model' | 'choice'>) {
  const child = startLineChild('plain-child.ts');
  const { path, contextTokens } = model.specification;
  const load = async (): Promise<number> => {
    const question = { do: 'load', path, contextTokens, threads: choice.threads };
    return z.strictObject({ loadMs: z.number() }).parse(await child.ask(question)).loadMs;
  };
  await load();
  return {
    load,
    /** Behind `depth` tokens: ms until a prompt's first answer token, and tokens a second of the answer. */
    time: async (depth: number, promptTokens: number, answerTokens: number) =>
      timedSchema.parse(await child.ask({ do: 'time', depth, promptTokens, answerTokens })),
    close: () => child.end(),
  };
}
