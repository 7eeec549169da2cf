import { workerData } from 'node:worker_threads';
import { installNetworkGuard } from '../links/network-guard.ts';

// A thread has modules of its own: the guard of the vault's main thread does not reach them. Nothing here talks, so an
// attempt needs no report; it fails, and the task with it.
installNetworkGuard({ onBlocked: () => undefined });

// Loaded after the guard, so that no module can keep an unguarded reference.
const { runTask } = await import('./worker/run-task.ts');
const { workerTaskSchema } = await import('./worker/worker-contract.ts');
await runTask(workerTaskSchema.parse(workerData));
