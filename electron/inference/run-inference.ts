import { exitCodes } from '../links/inference-exits.ts';
import { toInferenceSchema, type FromInference, type ToInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import type { Engine, LoadedFacts } from './engine.ts';
import { modelNotReady, turnInProgress } from './model-errors.ts';

/** A step of the engine cannot be interrupted; the process does not wait longer than this for it. */
const disposeTimeoutMs = 2000;

type Message<K extends ToInference['kind']> = Extract<ToInference, { kind: K }>;

type Service = {
  load(message: Message<'load'>): Promise<void>;
  generate(message: Message<'generate'>): Promise<void>;
  evaluate(message: Message<'evaluate'>): Promise<void>;
  count(message: Message<'count'>): void;
  stop(message: Message<'stop'>): void;
  release(): Promise<void>;
};

/** Of what it computes with. */
function speedOf({ threads, graphics }: Pick<LoadedFacts, 'threads' | 'graphics'>): number {
  return graphics?.result === 'used' && graphics.tokensPerSecond !== null
    ? graphics.tokensPerSecond
    : threads.tokensPerSecond;
}

type Deps = {
  readonly engine: Engine;
  readonly send: (message: FromInference) => void;
  /** Aborts when the process ends. */
  readonly life: AbortSignal;
  /** An answer failed on the card: the next process has another chance, on the main processor. */
  readonly onGraphicsFailed: () => void;
};

/** One after the other: the engine does one thing at a time. What is read ahead makes way for whatever comes. */
function createLine() {
  let last: Promise<void> = Promise.resolve();
  let ahead: AbortController | null = null;
  return {
    /** @param why the end of what is being read ahead */
    join: (why: 'interrupted' | 'released', work: () => Promise<void>): Promise<void> => {
      ahead?.abort(why);
      ahead = null;
      const done = last.then(work);
      // A bug in one piece of work is its caller's, and the line goes on.
      last = done.catch(() => undefined);
      return done;
    },
    readsAhead: (stop: AbortController) => {
      ahead = stop;
    },
  };
}

/** Answers the messages of the port. */
function createService({ engine, send, life, onGraphicsFailed }: Deps): Service {
  const line = createLine();
  let loading = false;
  let ready = false;
  let active: { readonly turnId: string; readonly stop: AbortController } | null = null;

  return {
    load: async ({ model, knownThreads, hashed, graphics }) => {
      // A second request while the first is under way asks for what is coming anyway.
      if (loading || active !== null) return;
      loading = true;
      ready = false;
      try {
        const loaded = await engine.load(
          model,
          { threads: knownThreads, hashed, graphics },
          (status) => send({ kind: 'status', status }),
          life,
          () => send({ kind: 'graphics-begin' }),
        );
        if (!loaded.ok) return send({ kind: 'status', status: { state: 'failed', error: loaded.error } });
        const { contextTokens, ...facts } = loaded.value;
        const { threads } = facts.threads;
        const tokensPerSecond = speedOf(facts);
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
      await line.join('interrupted', async () => {
        const events = {
          onReading: (fraction: number) => send({ kind: 'reading', turnId, fraction }),
          onDelta: (text: string) => send({ kind: 'delta', turnId, text }),
        };
        const outcome = await engine.generate(request, events, AbortSignal.any([stop.signal, life]));
        // Free before the vault hears of the end: it may ask for the next turn at once.
        active = null;
        send({ turnId, ...outcome });
        if (outcome.kind === 'failed' && engine.isOnCard()) onGraphicsFailed();
      });
    },

    evaluate: async (request) => {
      const { evaluationId } = request;
      const stop = new AbortController();
      const evaluated = line.join('interrupted', async () => {
        const onFraction = (fraction: number): void => send({ kind: 'evaluating', evaluationId, fraction });
        const end = await engine.evaluate(request, onFraction, AbortSignal.any([stop.signal, life]));
        const released = end.reason === 'interrupted' && stop.signal.reason === 'released';
        send({ kind: 'evaluated', evaluationId, ...end, ...(released ? { reason: 'released' } : {}) });
      });
      line.readsAhead(stop);
      await evaluated;
    },

    count: ({ countId, requests }) => {
      send({ kind: 'counted', countId, tokens: engine.count(requests) });
    },

    stop: ({ turnId }) => {
      if (active?.turnId === turnId) active.stop.abort();
    },

    release: () => line.join('released', () => engine.release()),
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
  const end = async (code: number): Promise<void> => {
    if (life.signal.aborted) return;
    life.abort();
    const timeout = new Promise<void>((resolve) => void setTimeout(resolve, disposeTimeoutMs));
    await Promise.race([engine.dispose().catch(() => undefined), timeout]);
    exit(code);
  };
  const onBug = (): void => void end(exitCodes.bug);
  const onGraphicsFailed = (): void => void end(exitCodes.graphicsFailed);
  const service = createService({ engine, send, life: life.signal, onGraphicsFailed });

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
      case 'evaluate':
        return void service.evaluate(message).catch(onBug);
      case 'count':
        return service.count(message);
      case 'stop':
        return service.stop(message);
      case 'release':
        return void service.release().catch(onBug);
    }
  });
  port.onClose(() => void end(exitCodes.portClosed));
}
