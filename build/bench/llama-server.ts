import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { runBelowInterface } from './llama-cpp.ts';

export type LlamaServer = {
  /** @returns ms until the last of exactly so many tokens; nothing is kept from one call to the next */
  answer(system: string, user: string, tokens: number): Promise<number>;
  close(): void;
};

/** llama.cpp's own server, on this machine's loopback alone. */
export async function startLlamaServer(options: {
  readonly tool: string;
  readonly model: string;
  readonly threads: number;
  readonly contextTokens: number;
}): Promise<LlamaServer> {
  const { tool, model, threads, contextTokens } = options;
  const port = await freePort();
  const words = { m: model, t: threads, c: contextTokens, np: 1 };
  const flags = Object.entries(words).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const child = spawn(tool, [...flags, '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  runBelowInterface(child.pid);
  const address = `http://127.0.0.1:${port}`;
  const until = performance.now() + 60_000;
  while (!(await isHealthy(address))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error('llama-server does not answer');
    await delay(100);
  }
  return {
    answer: async (system, user, tokens) => {
      const startedAt = performance.now();
      const response = await fetch(`${address}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user },
          ],
          max_tokens: tokens,
          ignore_eos: true,
          cache_prompt: false,
          temperature: 0.3,
          top_p: 0.9,
          top_k: 40,
          min_p: 0.05,
          repeat_penalty: 1.1,
        }),
      });
      const { usage } = usageSchema.parse(await response.json());
      if (usage.completion_tokens !== tokens)
        throw new Error(`llama-server wrote ${usage.completion_tokens} tokens`);
      return performance.now() - startedAt;
    },
    close: () => child.kill(),
  };
}

const usageSchema = z.looseObject({ usage: z.looseObject({ completion_tokens: z.int() }) });

async function isHealthy(address: string): Promise<boolean> {
  return fetch(`${address}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
