import { installNetworkGuard } from '../links/network-guard.ts';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { MessagePortMain } from 'electron';
import type { FromInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import { readCpuFacts } from './cpu-facts.ts';
import { createEngine } from './engine.ts';
import { importNodeLlamaCpp } from './node-llama-cpp.ts';
import { exitCodes, runInference } from './run-inference.ts';

/**
 * The inference process (an Electron utility process): one model, one port to the vault. No network, no disk writes, no
 * words on the console. Main starts it with UV_THREADPOOL_SIZE=1 in its environment: other pool threads would take time
 * from the engine's spinning ones (a seventh of the speed of a fast model).
 */

let modelPort: MessagePortMain | null = null;
const blockedBefore: string[] = [];

/** Tells the vault which kind of call was blocked; before the port is there, it waits. */
function reportBlocked(api: string): void {
  if (modelPort === null) blockedBefore.push(api);
  else modelPort.postMessage({ kind: 'network-blocked', api } satisfies FromInference);
}

installNetworkGuard({ onBlocked: reportBlocked });

// A library's warning or a stack trace could quote a prompt: nothing is printed, a fault is an exit code.
for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
  console[method] = () => undefined;
process.on('uncaughtException', () => process.exit(exitCodes.bug));
process.on('unhandledRejection', () => process.exit(exitCodes.bug));

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function wrapPort(electronPort: MessagePortMain): Port {
  return {
    postMessage: (message) => electronPort.postMessage(message),
    onMessage: (listener) => {
      electronPort.on('message', (event) => listener(event.data));
      electronPort.start();
    },
    onClose: (listener) => void electronPort.on('close', listener),
    close: () => electronPort.close(),
  };
}

process.parentPort.on('message', ({ data, ports: [port] }) => {
  const isModelPort =
    typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'model-port';
  if (!isModelPort || port === undefined || modelPort !== null) process.exit(exitCodes.malformedMessage);
  modelPort = port;
  const cpu = readCpuFacts({
    readText,
    availableParallelism: availableParallelism(),
    model: cpus()[0]?.model ?? '',
  });
  const engine = createEngine({ importNodeLlamaCpp, cpu, now: () => performance.now() });
  runInference({ port: wrapPort(port), engine, exit: (code) => process.exit(code) });
  for (const api of blockedBefore.splice(0)) reportBlocked(api);
});
