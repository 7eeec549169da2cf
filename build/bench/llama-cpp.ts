import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

/**
 * llama.cpp's own tools, from a checkout that CLOISTER_LLAMA_CPP names and that was built in its folder `build`. node-llama-cpp
 * brings the sources of its own commit, and these are its flags:
 *
 *   git clone node_modules/node-llama-cpp/llama/gitRelease.bundle ../llama.cpp && cd ../llama.cpp
 *   cmake -B build -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DGGML_OPENMP=OFF -DGGML_NATIVE=OFF \
 *     -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_TESTS=OFF
 *   cmake --build build --target llama-bench llama-server llama-quantize
 */
export function llamaCppTool(name: 'llama-bench' | 'llama-server' | 'llama-quantize'): string | null {
  const folder = process.env['CLOISTER_LLAMA_CPP'];
  if (folder === undefined) return null;
  const path = join(folder, 'build/bin', name);
  return existsSync(path) ? path : null;
}

/** Where our engine runs too: on a busy machine a comparison with anything above it is none. */
export function runBelowInterface(pid: number | undefined): void {
  if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
}

const benchSchema = z.tuple([z.looseObject({ avg_ts: z.number() })]);

/** @returns tokens a second; `depth` tokens stand in the context already */
export async function llamaBench(options: {
  readonly tool: string;
  readonly model: string;
  readonly threads: number;
  readonly promptTokens?: number;
  readonly answerTokens?: number;
  readonly depth?: number;
}): Promise<number> {
  const { tool, model, threads, promptTokens = 0, answerTokens = 0, depth = 0 } = options;
  const numbers = { t: threads, p: promptTokens, n: answerTokens, d: depth, r: 1 };
  const words = Object.entries(numbers).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const running = promisify(execFile)(tool, ['-m', model, ...words, '-o', 'json']);
  runBelowInterface(running.child.pid);
  const { stdout } = await running;
  return benchSchema.parse(JSON.parse(stdout))[0].avg_ts;
}
