import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginningFor, requestText, templateFor } from '../../electron/vault/turns/templates.ts';
import type { TaskId } from '../../electron/shared/tasks.ts';
import { checkout } from '../setup/cache-folder.mjs';
import { openEngine, openPlain, type Asked, type EngineBench } from './engine-bench.ts';
import { llamaBench, llamaCppTool } from './llama-cpp.ts';
import type { Row, Sides } from './row.ts';

/** A made-up visit of some 400 tokens. */
const source = readFileSync(join(checkout, 'e2e/fixtures/visit-transcript.txt'), 'utf8');
const common = { pairs: 11, budgetMs: 120_000, unit: 'ratio' } as const;

function about(taskId: TaskId, answerTokens: number): Asked {
  const { text, sharedCharacters } = requestText({ taskId, sourceText: source, question: '' });
  return { system: templateFor(taskId).system, user: text, sharedCharacters, answerTokens };
}

/** A row about our engine, and about node-llama-cpp alone where it is the peer. */
function engineRow(
  row: Omit<Row, keyof typeof common | 'open'> & Partial<Pick<Row, 'budgetMs'>>,
  open: (engine: EngineBench) => Promise<Sides> | Sides,
): Row {
  return {
    ...common,
    ...row,
    open: async () => {
      const engine = await openEngine();
      return 'skipped' in engine ? engine : open(engine);
    },
  };
}

async function firstTokenMs(engine: EngineBench, asked: Asked): Promise<number> {
  const { timeToFirstTokenMs } = await engine.generate(asked);
  if (timeToFirstTokenMs === null) throw new Error('no text came');
  return timeToFirstTokenMs;
}

async function cold(engine: EngineBench): Promise<number> {
  await engine.release();
  return firstTokenMs(engine, about('visit-summary', 8));
}

const tool = llamaCppTool('llama-bench');

const promptRow = engineRow(
  {
    id: 'engine.prompt.ratio',
    what: 'tokens/s of reading a source, in steps that a stop can wait for',
    baseline: tool === null ? 'tokens/s of node-llama-cpp alone (no llama.cpp)' : 'tokens/s of llama-bench',
    goal: 0.95,
    better: 'higher',
  },
  async (engine) => {
    const plain = tool === null ? await openPlain(engine) : null;
    const beginning = beginningFor(source).text;
    const { system } = templateFor('visit-summary');
    const read = async () => {
      await engine.release();
      return engine.read(system, beginning);
    };
    const { evaluatedTokens } = await read();
    return {
      ours: async () => (evaluatedTokens * 1000) / (await read()).elapsedMs,
      peer: async () => {
        if (plain !== null)
          return (evaluatedTokens * 1000) / (await plain.time(0, evaluatedTokens, 1)).promptMs;
        const { path } = engine.model.specification;
        const { threads } = engine.choice;
        return llamaBench({ tool: tool ?? '', model: path, threads, promptTokens: evaluatedTokens });
      },
      close: async () => {
        await engine.close();
        await plain?.close();
      },
    };
  },
);

const followUpRow = engineRow(
  {
    id: 'engine.followup_ttft.ratio',
    what: 'ms to the first word of a further question about a draft',
    baseline: 'ms to the first word of the first draft about the same source, read from the start',
    goal: 0.15,
    better: 'lower',
  },
  (engine) => ({
    ours: async () => {
      await engine.release();
      const first = about('visit-summary', 24);
      const { text } = await engine.generate(first);
      const earlier = [{ user: first.user, model: text }];
      return firstTokenMs(engine, { ...first, earlier, user: 'And the knee?', answerTokens: 8 });
    },
    peer: () => cold(engine),
    close: () => engine.close(),
  }),
);

const prefixWarmRow = engineRow(
  {
    id: 'engine.prefix_warm.ratio',
    // Each round reads the source anew, on a machine whose speed drifts.
    budgetMs: 300_000,
    what: 'ms to the first word where the source was read before',
    baseline: 'ms that node-llama-cpp alone takes for the new tokens behind as many, and one more',
    goal: 1.1,
    better: 'lower',
  },
  async (engine) => {
    const plain = await openPlain(engine);
    const asked = about('visit-summary', 8);
    const warm = async () => {
      await engine.release();
      await engine.read(asked.system, beginningFor(source).text);
      return engine.generate(asked);
    };
    const { promptTokens, reusedPromptTokens } = await warm();
    return {
      ours: async () => (await warm()).timeToFirstTokenMs ?? Number.NaN,
      peer: async () => (await plain.time(reusedPromptTokens, promptTokens - reusedPromptTokens, 1)).promptMs,
      close: async () => {
        await engine.close();
        await plain.close();
      },
    };
  },
);

const secondTaskRow = engineRow(
  {
    id: 'engine.second_task_ttft.ratio',
    what: 'ms to the first word of a second task on the same source',
    baseline: 'ms to the first word of the first, read from the start',
    goal: 0.2,
    better: 'lower',
  },
  (engine) => ({
    ours: async () => {
      await cold(engine);
      return firstTokenMs(engine, about('soap-note', 8));
    },
    peer: () => cold(engine),
    close: () => engine.close(),
  }),
);

const loadRow = engineRow(
  {
    id: 'engine.load.ratio',
    what: 'ms from a checked file to a model that can be asked',
    baseline: 'ms of node-llama-cpp alone, to a chat session',
    goal: 1.2,
    better: 'lower',
  },
  async (engine) => {
    const plain = await openPlain(engine);
    return {
      ours: async () => (await engine.load()).loadMs,
      peer: () => plain.load(),
      close: async () => {
        await engine.close();
        await plain.close();
      },
    };
  },
);

const hashRow = engineRow(
  {
    id: 'engine.hash.ratio',
    what: 'MB/s of checking the file before it is loaded',
    baseline: 'MB/s of sha256sum',
    goal: 0.8,
    better: 'higher',
  },
  (engine) => {
    const { path, sizeBytes } = engine.model.specification;
    return {
      ours: async () => sizeBytes / 1000 / (await engine.load()).verifyMs,
      peer: async () => {
        const startedAt = performance.now();
        execFileSync('sha256sum', [path]);
        return sizeBytes / 1000 / (performance.now() - startedAt);
      },
      close: () => engine.close(),
    };
  },
);

/** @param user what is asked for behind the source */
function lookupRow(row: Pick<Row, 'id' | 'what' | 'goal'>, asked: Asked): Row {
  const baseline = 'tokens/s of the same engine without proposals';
  return engineRow({ ...row, baseline, better: 'higher' }, async (engine) => {
    const plain = await openEngine({ batchCosts: [] });
    if ('skipped' in plain) throw new Error(plain.skipped);
    const speed = async (of: EngineBench): Promise<number> => {
      const { answerTokens, generationMs } = await of.generate(asked);
      return (answerTokens * 1000) / generationMs;
    };
    return {
      ours: () => speed(engine),
      peer: () => speed(plain),
      close: async () => {
        await engine.close();
        await plain.close();
      },
    };
  });
}

const copyTask = {
  ...about('free-question', 150),
  user: `${beginningFor(source).text}Repeat the text word by word.`,
};

/** The model that is measured is too small to copy a source faithfully; its own repetitions it goes on with like any. */
const chainTask = {
  ...copyTask,
  user: `${'The cough is dry. The nose runs. The throat is sore. The chest is clear. The skin is warm. '.repeat(6)}\nRepeat the text word by word.`,
};

export const engineRows: readonly Row[] = [
  promptRow,
  followUpRow,
  prefixWarmRow,
  secondTaskRow,
  lookupRow(
    {
      id: 'engine.lookup.ratio',
      what: 'tokens/s of a text that copies its source, with proposals',
      goal: 1.5,
    },
    copyTask,
  ),
  lookupRow(
    {
      id: 'engine.lookup_chain.ratio',
      what: 'tokens/s of a text that repeats itself, with proposals',
      goal: 1.5,
    },
    chainTask,
  ),
  lookupRow(
    { id: 'engine.lookup_table.ratio', what: 'tokens/s of a medication list, with proposals', goal: 0.97 },
    { ...about('medication-list', 150), structure: 'medication-list' },
  ),
  lookupRow(
    { id: 'engine.lookup_note.ratio', what: 'tokens/s of a SOAP note, with proposals', goal: 0.97 },
    about('soap-note', 150),
  ),
  loadRow,
  hashRow,
];
