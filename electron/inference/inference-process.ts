import { installNetworkGuard } from '../links/network-guard.ts';
import { readFileSync } from 'node:fs';
import { availableParallelism, constants, cpus, getPriority, setPriority, totalmem } from 'node:os';
import { messagePort } from '../links/message-port.ts';
import type { FromInference } from '../links/model-port.ts';
import { readCpuFacts } from './cpu-facts.ts';
import { createEngine } from './engine.ts';
import { importNodeLlamaCpp } from './node-llama-cpp.ts';
import { exitCodes } from '../links/inference-exits.ts';
import { runInference } from './run-inference.ts';

/**
 * The inference process (an Electron utility process): one model, one port to the vault. No network, no disk writes, no
 * words on the console. Main starts it with UV_THREADPOOL_SIZE=1 in its environment: other pool threads would take time
 * from the engine's spinning ones (a seventh of the speed of a fast model).
 */
function startInferenceProcess(): void {
  let reportBlocked: ((api: string) => void) | null = null;
  const blockedBefore: string[] = [];
  installNetworkGuard({
    onBlocked: (api) => (reportBlocked === null ? blockedBefore.push(api) : reportBlocked(api)),
  });
  silence();
  // Whoever types or scrolls meanwhile comes first. Before any thread of the engine is made: they inherit it.
  // Where all of Cloister was started lower still, the system lets nobody go back up.
  const below = constants.priority.PRIORITY_BELOW_NORMAL;
  if (getPriority() < below) setPriority(below);

  process.parentPort.on('message', ({ data, ports: [electronPort] }) => {
    if (!isModelPortMessage(data) || electronPort === undefined || reportBlocked !== null) {
      process.exit(exitCodes.malformedMessage);
    }
    const port = messagePort(electronPort);
    reportBlocked = (api) => port.postMessage({ kind: 'network-blocked', api } satisfies FromInference);
    blockedBefore.splice(0).forEach(reportBlocked);
    const cpu = readCpuFacts({
      readText,
      availableParallelism: availableParallelism(),
      model: cpus()[0]?.model ?? '',
    });
    const engine = createEngine({
      importNodeLlamaCpp,
      cpu,
      platform: process.platform,
      totalMemoryBytes: totalMemory(),
      now: () => performance.now(),
    });
    runInference({ port, engine, exit: (code) => process.exit(code) });
  });
}

/** A container may allow less than the machine has; where nothing limits it, the figure is 0 or beyond any machine. */
function totalMemory(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

/** A library's warning or a stack trace could quote a prompt: nothing is printed, a fault is an exit code. */
function silence(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    console[method] = () => undefined;
  process.on('uncaughtException', () => process.exit(exitCodes.bug));
  process.on('unhandledRejection', () => process.exit(exitCodes.bug));
}

function isModelPortMessage(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'model-port';
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

startInferenceProcess();
