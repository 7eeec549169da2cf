import { toInferenceSchema, type FromInference, type ToInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import type { GenerationOutcome } from './conversation.ts';
import type { Engine } from './engine.ts';
import { modelNotReady, turnInProgress } from './model-errors.ts';

/** How the process ends. A reason is a number and nothing else: text could quote a prompt. */
export const exitCodes = { portClosed: 0, malformedMessage: 65, bug: 70 } as const;

type Load = Extract<ToInference, { kind: 'load' }>;
type Generate = Extract<ToInference, { kind: 'generate' }>;

/** A step of the engine cannot be interrupted; the process does not wait longer than this for it. */
const disposeTimeoutMs = 2000;

/** Serves the model port until it closes; then whatever runs is aborted and the process ends. */
export function runInference(deps: {
  readonly port: Port;
  readonly engine: Engine;
  readonly exit: (code: number) => void;
}): void {
  const { port, engine, exit } = deps;
  const life = new AbortController();
  let loading = false;
  let ready = false;
  let active: { readonly turnId: string; readonly stop: AbortController } | null = null;

  const send = (message: FromInference): void => {
    if (!life.signal.aborted) port.postMessage(message);
  };

  const load = async ({ model, knownThreads }: Load): Promise<void> => {
    if (loading || active !== null) return;
    loading = true;
    ready = false;
    try {
      const loaded = await engine.load(
        model,
        knownThreads,
        (status) => send({ kind: 'status', status }),
        life.signal,
      );
      if (!loaded.ok) {
        send({ kind: 'status', status: { state: 'failed', error: loaded.error } });
        return;
      }
      const { contextTokens, ...facts } = loaded.value;
      const { threads, tokensPerSecond } = facts.threads;
      ready = true;
      send({ kind: 'loaded', ...facts });
      send({
        kind: 'status',
        status: {
          state: 'ready',
          name: model.name,
          sha256: model.sha256,
          contextTokens,
          threads,
          tokensPerSecond,
        },
      });
    } finally {
      loading = false;
    }
  };

  const sendOutcome = (turnId: Generate['turnId'], outcome: GenerationOutcome): void => {
    send({ turnId, ...outcome });
  };

  const generate = async (request: Generate): Promise<void> => {
    const { turnId } = request;
    if (active !== null) return send({ kind: 'failed', turnId, error: turnInProgress });
    if (!ready) return send({ kind: 'failed', turnId, error: modelNotReady });
    const stop = new AbortController();
    active = { turnId, stop };
    const events = {
      onReading: (fraction: number) => send({ kind: 'reading', turnId, fraction }),
      onDelta: (text: string) => send({ kind: 'delta', turnId, text }),
    };
    try {
      const outcome = await engine.generate(request, events, AbortSignal.any([stop.signal, life.signal]));
      // Free before the vault hears of the end: it may ask for the next turn at once.
      active = null;
      sendOutcome(turnId, outcome);
    } finally {
      active = null;
    }
  };

  const end = async (code: number): Promise<void> => {
    if (life.signal.aborted) return;
    life.abort();
    const timeout = new Promise<void>((resolve) => void setTimeout(resolve, disposeTimeoutMs));
    await Promise.race([engine.dispose().catch(() => undefined), timeout]);
    exit(code);
  };

  const onBug = (): void => {
    if (!life.signal.aborted) void end(exitCodes.bug);
  };

  port.onMessage((data) => {
    if (life.signal.aborted) return;
    const parsed = toInferenceSchema.safeParse(data);
    if (!parsed.success) return void end(exitCodes.malformedMessage);
    const message = parsed.data;
    switch (message.kind) {
      case 'load':
        return void load(message).catch(onBug);
      case 'generate':
        return void generate(message).catch(onBug);
      case 'stop':
        if (active?.turnId === message.turnId) active.stop.abort();
        return;
    }
  });
  port.onClose(() => void end(exitCodes.portClosed));
}
