import type { AppError } from '../../electron/shared/app-error.ts';
import type { RequestInput, RequestName, RequestOutput, VaultEvent } from '../../electron/shared/contract.ts';
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

/** Every message on the port is one of these. */
type FromVault = VaultEvent | { readonly id: number; readonly result: Result<unknown> };

const stopped: AppError = {
  code: 'vault-stopped',
  message:
    'Cloister is starting its record keeper again. Everything that was shown is recorded. Try again in a moment.',
};

/**
 * What comes from the vault is believed: it has the other end of a port that main made, and was built with this page. That
 * it keeps to the contract is tested with the vault's own tests, which parse every answer. The other way round, the vault
 * parses whatever a page sends.
 */
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

  function receive(message: FromVault): void {
    if ('event' in message) {
      for (const listener of eventListeners) listener(message);
      return;
    }
    waiting.get(message.id)?.(message.result);
    waiting.delete(message.id);
  }

  deps.listen((next) => {
    const before = port;
    if (before !== null) lose(before);
    port = next;
    next.onMessage((message) => {
      if (port === next) receive(message as FromVault);
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
      return ok(result.value as RequestOutput<N>);
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
