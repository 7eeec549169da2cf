import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runBelowInterface } from './llama-cpp.ts';

/** A process that answers one line of JSON with one line of JSON. */
export type LineChild = {
  ask(question: Record<string, unknown>): Promise<unknown>;
  end(): Promise<void>;
};

/** On the runtime that ships. @param as `inference`: with the thread pool and below the priority that the inference process has */
export function startLineChild(script: string, as: 'inference' | 'vault' = 'inference'): LineChild {
  const child = spawn(process.execPath, [join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ELECTRON_RUN_AS_NODE: '1',
      ...(as === 'inference' ? { UV_THREADPOOL_SIZE: '1' } : {}),
    },
  });
  if (as === 'inference') runBelowInterface(child.pid);
  const waiting: { resolve: (answer: unknown) => void; reject: (cause: Error) => void }[] = [];
  createInterface(child.stdout).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      for (const { reject } of waiting) reject(new Error(`${script} has ended`));
      resolve();
    });
  });
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
