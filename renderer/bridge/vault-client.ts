import { z } from 'zod';
import { appErrorSchema, type AppError } from '../../electron/shared/app-error.ts';
import {
  contract,
  vaultEventSchema,
  type RequestInput,
  type RequestName,
  type RequestOutput,
  type VaultEvent,
} from '../../electron/shared/contract.ts';
import { err, ok, type Result } from '../../electron/shared/result.ts';
import type { PagePort } from './text-port.ts';

/** The page's end of the text port. */
export type VaultClient = {
  request<N extends RequestName>(name: N, input: RequestInput<N>): Promise<Result<RequestOutput<N>>>;
  /** @returns the end of the subscription */
  onEvent(listener: (event: VaultEvent) => void): () => void;
  /** `connected` again after each new port; `lost` when the vault is gone. */
  onConnection(listener: (state: 'connected' | 'lost') => void): () => void;
};

const answerSchema = z.strictObject({ id: z.int(), result: z.unknown() });
const failureSchema = z.strictObject({ ok: z.literal(false), error: appErrorSchema });
const successSchema = z.strictObject({ ok: z.literal(true), value: z.unknown() });

const stopped: AppError = {
  code: 'vault-stopped',
  message:
    'Cloister is starting its record keeper again. Everything that was shown is recorded. Try again in a moment.',
};

export function connectVault(deps: {
  readonly listen: (onPort: (port: PagePort) => void) => void;
  readonly requestPort: () => void;
}): VaultClient {
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  const eventListeners = new Set<(event: VaultEvent) => void>();
  const connectionListeners = new Set<(state: 'connected' | 'lost') => void>();
  let port: PagePort | null = null;
  let nextId = 0;

  const tell = (state: 'connected' | 'lost'): void => {
    for (const listener of connectionListeners) listener(state);
  };

  function lose(lost: PagePort): void {
    if (port !== lost) return;
    port = null;
    for (const [id, answer] of waiting) {
      waiting.delete(id);
      answer(err(stopped));
    }
    tell('lost');
  }

  function receive(message: unknown): void {
    const event = vaultEventSchema.safeParse(message);
    if (event.success) {
      for (const listener of eventListeners) listener(event.data);
      return;
    }
    const answer = answerSchema.safeParse(message);
    if (!answer.success) return;
    const { id, result } = answer.data;
    const failure = failureSchema.safeParse(result);
    const success = successSchema.safeParse(result);
    const settle = waiting.get(id);
    waiting.delete(id);
    if (failure.success) settle?.(err(failure.data.error));
    else if (success.success) settle?.(ok(success.data.value));
  }

  deps.listen((next) => {
    const before = port;
    if (before !== null) lose(before);
    port = next;
    next.onMessage((message) => {
      if (port === next) receive(message);
    });
    next.onClose(() => {
      lose(next);
    });
    tell('connected');
  });
  deps.requestPort();

  return {
    async request<N extends RequestName>(name: N, input: RequestInput<N>) {
      const current = port;
      if (current === null) return err(stopped);
      const result = await new Promise<Result<unknown>>((resolve) => {
        nextId += 1;
        waiting.set(nextId, resolve);
        current.postMessage({ id: nextId, name, input });
      });
      if (!result.ok) return result;
      // The schema is this request's own; TypeScript cannot follow that through the union of all of them.
      return ok(contract[name].output.parse(result.value) as RequestOutput<N>);
    },
    onEvent(listener) {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    onConnection(listener) {
      connectionListeners.add(listener);
      if (port !== null) listener('connected');
      return () => connectionListeners.delete(listener);
    },
  };
}
