import { afterEach, expect, test } from 'vitest';
import { importNodeLlamaCpp } from './node-llama-cpp.ts';

const executable = process.execPath;
afterEach(() => {
  process.execPath = executable;
});

test('the native library loads where this program cannot be started as Node, and the environment cannot make it talk', async () => {
  // As in a package, whose RunAsNode fuse is off: a child would not answer.
  process.execPath = '/nonexistent/cloister';
  process.env['NODE_LLAMA_CPP_DEBUG'] = 'true';
  const { getLlama } = await importNodeLlamaCpp();
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, progressLogs: false });
  const { buildType } = llama;
  await llama.dispose();
  expect({ buildType, debug: process.env['NODE_LLAMA_CPP_DEBUG'] }).toEqual({
    buildType: 'prebuilt',
    debug: undefined,
  });
});
