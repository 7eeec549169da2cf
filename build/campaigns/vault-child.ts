import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import {
  fromInferenceSchema,
  toInferenceSchema,
  type FromInference,
  type ToInference,
} from '../../electron/links/model-port.ts';
import { fromVaultSchema, type FromVault, type ToVault } from '../../electron/links/vault-control.ts';
import { startMessage } from '../../electron/vault/vault-fixture.ts';
import {
  vaultEventSchema,
  type RequestInput,
  type RequestName,
  type RequestOutput,
  type VaultEvent,
} from '../../electron/shared/contract.ts';
import { fromChildSchema, type ChildOrder, type ToChild } from './vault-frames.ts';

type Answer<N extends RequestName> =
  { ok: true; value: RequestOutput<N> } | { ok: false; error: { code: string; message: string } };

/** A vault process, seen from where the page, the model and main stand. Nothing in here is the vault's. */
export type VaultChild = {
  /** Rejects when the process ends without an answer. */
  ask<N extends RequestName>(name: N, input: RequestInput<N>): Promise<Answer<N>>;
  /** What the model says. */
  say(message: FromInference): void;
  /** The model's process is gone; another takes its place. */
  replaceModel(): void;
  /** From main. */
  tell(message: ToVault): void;
  kill(): void;
  /** When everything that it wrote was read. @returns whether it was killed */
  readonly ended: Promise<boolean>;
};

export type Listener = {
  readonly onEvent: (event: VaultEvent) => void;
  readonly onModel: (message: ToInference) => void;
  readonly onMain: (message: FromVault) => void;
};

export type Place = {
  /** Holds `data` and `catalogue.json`; the same folder again is a restart. */
  readonly folder: string;
  readonly order: ChildOrder;
  /** Runs the process under this command, for example strace. */
  readonly under?: readonly string[];
};

const script = join(import.meta.dirname, 'crash-child.ts');
const gone = 'the vault process has ended';

export function startVaultChild({ folder, order, under = [] }: Place, listener: Listener): VaultChild {
  const [command, ...words] = [...under, process.execPath, script, JSON.stringify(order)];
  const child = spawn(command, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (cause: Error) => void }>();
  let nextId = 0;
  const post = (frame: ToChild): void => {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(frame)}\n`);
  };
  const tell = (message: ToVault, port: ToChild['port'] = null): void => {
    post({ to: 'main', message, port });
  };
  // What is written to a process that is being killed is nobody's loss.
  child.stdin.on('error', () => undefined);
  createInterface(child.stdout).on('line', (text) => {
    const { from, message } = fromChildSchema.parse(JSON.parse(text));
    if (from === 'model') listener.onModel(toInferenceSchema.parse(message));
    if (from === 'main') listener.onMain(fromVaultSchema.parse(message));
    if (from !== 'text') return;
    const frame = message as { id?: number; result?: never };
    if (frame.id === undefined) listener.onEvent(vaultEventSchema.parse(message));
    else waiting.get(frame.id)?.resolve(frame.result as never);
  });
  const ended = endOf(child).finally(() => {
    for (const { reject } of waiting.values()) reject(new Error(gone));
  });
  tell(startMessage(folder));
  tell({ kind: 'text-port' }, 'text');
  tell({ kind: 'model-port' }, 'model');
  return {
    ask: (name, input) => {
      nextId += 1;
      const id = nextId;
      const answer = new Promise<never>((resolve, reject) => waiting.set(id, { resolve, reject }));
      post({ to: 'text', message: { id, name, input }, port: null });
      return answer;
    },
    say: (message) => {
      post({ to: 'model', message: fromInferenceSchema.parse(message), port: null });
    },
    replaceModel: () => {
      post({ to: 'model', message: null, port: null });
      tell({ kind: 'inference-ended', exitCode: 139, replaced: true });
      tell({ kind: 'model-port' }, 'model');
    },
    tell,
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}

async function endOf(child: ChildProcess): Promise<boolean> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...how) => {
      resolve(how);
    });
  });
  if (signal !== 'SIGKILL' && code !== 0)
    throw new Error(`the vault process failed: ${complaint.slice(0, 2000)}`);
  return signal === 'SIGKILL';
}
