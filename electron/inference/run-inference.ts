import { toInferenceSchema, type FromInference, type ToInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import type { Engine } from './engine.ts';
import { modelNotReady, turnInProgress } from './model-errors.ts';

/** How the process ends. A reason is a number and nothing else: text could quote a prompt. */
export const exitCodes = { portClosed: 0, malformedMessage: 65, bug: 70 } as const;

/** A step of the engine cannot be interrupted; the process does not wait longer than this for it. */
const disposeTimeoutMs = 2000;

type Load = Extract<ToInference, { kind: 'load' }>;
type Generate = Extract<ToInference, { kind: 'generate' }>;
type Stop = Extract<ToInference, { kind: 'stop' }>;

type Service = {
  load(message: Load): Promise<void>;
  generate(message: Generate): Promise<void>;
  stop(message: Stop): void;
};

/** Answers the messages of the port. `life` aborts when the process ends. */
function createService(deps: {
  readonly engine: Engine;
  readonly send: (message: FromInference) => void;
  readonly life: AbortSignal;
}): Service {
  const { engine, send, life } = deps;
  let loading = false;
  let ready = false;
  let active: { readonly turnId: string; readonly stop: AbortController } | null = null;

  return {
    load: async ({ model, knownThreads }) => {
      // A second request while the first is under way asks for what is coming anyway.
      if (loading || active !== null) return;
      loading = true;
      ready = false;
      try {
        const loaded = await engine.load(
          model,
          knownThreads,
          (status) => send({ kind: 'status', status }),
          life,
        );
        if (!loaded.ok) return send({ kind: 'status', status: { state: 'failed', error: loaded.error } });
        const { contextTokens, ...facts } = loaded.value;
        const { threads, tokensPerSecond } = facts.threads;
        ready = true;
        send({ kind: 'loaded', ...facts });
        const { name, sha256 } = model;
        send({
          kind: 'status',
          status: { state: 'ready', name, sha256, contextTokens, threads, tokensPerSecond },
        });
      } finally {
        loading = false;
      }
    },

    generate: async (request) => {
      const { turnId } = request;
      if (active !== null) return send({ kind: 'failed', turnId, error: turnInProgress });
      if (!ready) return send({ kind: 'failed', turnId, error: modelNotReady });
      const stop = new AbortController();
      active = { turnId, stop };
      const events = {
        onReading: (fraction: number) => send({ kind: 'reading', turnId, fraction }),
        onDelta: (text: string) => send({ kind: 'delta', turnId, text }),
      };
      const outcome = await engine.generate(request, events, AbortSignal.any([stop.signal, life]));
      // Free before the vault hears of the end: it may ask for the next turn at once.
      active = null;
      send({ turnId, ...outcome });
    },

    stop: ({ turnId }) => {
      if (active?.turnId === turnId) active.stop.abort();
    },
  };
}

/** Serves the model port until it closes; then whatever runs is aborted and the process ends. */
export function runInference(deps: {
  readonly port: Port;
  readonly engine: Engine;
  readonly exit: (code: number) => void;
}): void {
  const { port, engine, exit } = deps;
  const life = new AbortController();
  const send = (message: FromInference): void => {
    if (!life.signal.aborted) port.postMessage(message);
  };
  const service = createService({ engine, send, life: life.signal });

  const end = async (code: number): Promise<void> => {
    if (life.signal.aborted) return;
    life.abort();
    const timeout = new Promise<void>((resolve) => void setTimeout(resolve, disposeTimeoutMs));
    await Promise.race([engine.dispose().catch(() => undefined), timeout]);
    exit(code);
  };
  const onBug = (): void => void end(exitCodes.bug);

  port.onMessage((data) => {
    if (life.signal.aborted) return;
    const parsed = toInferenceSchema.safeParse(data);
    if (!parsed.success) return void end(exitCodes.malformedMessage);
    const message = parsed.data;
    switch (message.kind) {
      case 'load':
        return void service.load(message).catch(onBug);
      case 'generate':
        return void service.generate(message).catch(onBug);
      case 'stop':
        return service.stop(message);
    }
  });
  port.onClose(() => void end(exitCodes.portClosed));
}
