import { appError, type AppError } from '../../shared/app-error.ts';
import type { ModelStatus } from '../../shared/contract.ts';
import type { TurnId } from '../../shared/ids.ts';
import type { StructureId } from '../../shared/structures.ts';
import type { HashedFile } from '../../links/hashed-file.ts';
import { modelMissing } from '../../links/model-missing.ts';
import type { Port } from '../../links/port.ts';
import {
  fromInferenceSchema,
  type Exchange,
  type FromInference,
  type ModelSpecification,
  type Sampler,
  type ThreadChoice,
  type ToInference,
} from '../../links/model-port.ts';
import { LeafReceipt } from '../log/receipt.ts';
import { beforeLoad } from './before-load.ts';
import { CommittedConversation } from './committed-conversation.ts';
import type { EngineWatchdog } from './engine-watchdog.ts';

/**
 * The vault's end of the model port. Text reaches the model through `sendToModel` and `readAhead` alone, and they take the
 * receipt of a committed intent, and what else the record holds, never text: nobody can ask the model something that is not
 * in the log.
 */
export type ModelGateway = {
  /** Asks for the inference process, where there is a file that it can load. */
  want(): void;
  attach(port: Port): void;
  /** The inference process is gone; `ended` listeners hear of it once. */
  detach(): void;
  /** A file has come to where there was none that could be loaded: tries it now, and not at the next sign-in only. */
  modelArrived(path: string): void;
  /** No other inference process will come before the next sign-in. */
  giveUp(): void;
  status(): ModelStatus;
  facts(): LoadedFacts | null;
  sendToModel(receipt: LeafReceipt<'prompt.submitted'>, options: GenerationOptions): void;
  readAhead(receipt: LeafReceipt<'source.evaluated'>, options: ReadAheadOptions): void;
  /**
   * Counts tokens. The text goes to the inference process, where its tokenizer is, and a number comes back: the model hears
   * nothing and answers nothing, so nothing is recorded (docs/decisions/0013-counting-is-not-asking.md).
   * @returns one number a request; null where no model is ready
   */
  count(requests: readonly CountedRequest[]): Promise<readonly number[] | null>;
  stop(turnId: TurnId): void;
  /** What was read ahead leaves the model's memory. */
  release(): void;
};

export type GenerationOptions = {
  readonly turnId: TurnId;
  readonly conversation: CommittedConversation;
  readonly sharedCharacters: number;
  readonly structure: StructureId | null;
  readonly sampler: Sampler;
  readonly reservedAnswerTokens: number;
  readonly maxAnswerTokens: number;
};
export type ReadAheadOptions = { readonly evaluationId: string; readonly reservedAnswerTokens: number };
export type CountedRequest = {
  readonly system: string;
  readonly earlier: readonly Exchange[];
  readonly user: string;
};
export type LoadedFacts = Extract<FromInference, { kind: 'loaded' }>;
export type TurnMessage = Extract<FromInference, { turnId: TurnId }>;
export type ReadAheadMessage = Extract<FromInference, { kind: 'evaluating' | 'evaluated' }>;

type Deps = {
  readonly model: () => ModelSpecification | null;
  /** Why there is none; null: none is installed. */
  readonly noModel: AppError | null;
  readonly isInstalled: (path: string) => boolean;
  /** Main starts the inference process, if none runs, and gives it a port. */
  readonly onWanted: () => void;
  readonly knownThreads: () => ThreadChoice | null;
  readonly hashed: () => HashedFile | null;
  readonly graphics: () => Extract<ToInference, { kind: 'load' }>['graphics'];
  readonly onStatus: (status: ModelStatus) => void;
  readonly onLoaded: (facts: LoadedFacts) => void;
  readonly onTurn: (message: TurnMessage) => void;
  readonly onReadAhead: (message: ReadAheadMessage) => void;
  readonly onEnded: () => void;
  readonly onGraphicsBegin: () => void;
  readonly onNetworkBlocked: (api: string) => void;
  readonly watchdog: EngineWatchdog;
};

const stoppedForGood = appError(
  'model-stopped',
  'The model stopped several times in a row, so Cloister does not start it again. Everything that was shown is recorded, and your text is kept. Sign out and in again to start it once more; if it stops again, call IT.',
);
const noModel = appError(
  'model-missing',
  'No approved model is installed. Your work is kept. Ask IT to install one, then start Cloister again.',
);

export function createModelGateway(deps: Deps): ModelGateway {
  let port: Port | null = null;
  let status: ModelStatus = beforeLoad;
  let facts: LoadedFacts | null = null;
  let isGivenUp = false;
  let counts = 0;
  /** The turn or the reading that the engine was given last: the end of one before it says nothing of this one. */
  let awaited: string | null = null;
  const counting = new Map<number, (tokens: readonly number[] | null) => void>();

  const setStatus = (next: ModelStatus): void => {
    status = next;
    deps.onStatus(next);
  };
  const post = (message: ToInference): void => port?.postMessage(message);

  function receive(message: unknown): void {
    const parsed = fromInferenceSchema.safeParse(message);
    if (!parsed.success) {
      // A process that speaks out of turn is not trusted with the rest of the conversation.
      port?.close();
      detach();
      return;
    }
    watch(parsed.data);
    hear(parsed.data);
  }

  /** What was said tells whether more is to come. */
  function watch(said: FromInference): void {
    const { watchdog } = deps;
    switch (said.kind) {
      case 'status':
        if (said.status.state === 'loading') watchdog.expects('load');
        else watchdog.rests();
        return;
      case 'reading':
      case 'delta':
      case 'evaluating':
        watchdog.expects('answer');
        return;
      case 'evaluated':
        if (said.evaluationId === awaited) watchdog.rests();
        return;
      case 'ended':
      case 'refused':
      case 'failed':
        if (said.turnId === awaited) watchdog.rests();
        return;
      case 'loaded':
      case 'counted':
      case 'graphics-begin':
      case 'network-blocked':
        // Says nothing about whether more is to come.
        return;
    }
  }

  function hear(said: FromInference): void {
    switch (said.kind) {
      case 'status':
        setStatus(said.status);
        return;
      case 'loaded':
        facts = said;
        deps.onLoaded(said);
        return;
      case 'graphics-begin':
        deps.onGraphicsBegin();
        return;
      case 'network-blocked':
        deps.onNetworkBlocked(said.api);
        return;
      case 'evaluating':
      case 'evaluated':
        deps.onReadAhead(said);
        return;
      case 'counted':
        counting.get(said.countId)?.(said.tokens);
        counting.delete(said.countId);
        return;
      default:
        deps.onTurn(said);
    }
  }

  function detach(): void {
    if (port === null) return;
    port = null;
    facts = null;
    deps.watchdog.rests();
    for (const answer of counting.values()) answer(null);
    counting.clear();
    setStatus(beforeLoad);
    deps.onEnded();
  }

  function load(): void {
    const model = deps.model();
    if (model === null) setStatus({ state: 'failed', error: deps.noModel ?? noModel });
    else {
      deps.watchdog.expects('load');
      const [knownThreads, hashed, graphics] = [deps.knownThreads(), deps.hashed(), deps.graphics()];
      post({ kind: 'load', model, knownThreads, hashed, graphics });
    }
  }

  function want(): void {
    const model = deps.model();
    if (port !== null || isGivenUp) return;
    if (model === null) setStatus({ state: 'failed', error: deps.noModel ?? noModel });
    else if (deps.isInstalled(model.path)) deps.onWanted();
    else setStatus({ state: 'failed', error: modelMissing });
  }

  return {
    want,
    attach(next) {
      port?.close();
      detach();
      port = next;
      next.onMessage((message) => {
        if (port === next) receive(message);
      });
      next.onClose(() => {
        if (port === next) detach();
      });
      load();
    },
    detach,
    modelArrived(path) {
      if (status.state !== 'failed' || deps.model()?.path !== path || isGivenUp) return;
      setStatus(beforeLoad);
      if (port === null) want();
      else load();
    },
    giveUp: () => {
      isGivenUp = true;
      setStatus({ state: 'failed', error: stoppedForGood });
    },
    status: () => status,
    facts: () => facts,
    sendToModel(receipt, { conversation, ...options }) {
      const { system, prompt } = receipt.texts;
      const committed = LeafReceipt.isReceipt(receipt) && CommittedConversation.isCommitted(conversation);
      if (!committed || system === undefined || prompt === undefined) {
        throw new Error('only a committed request may reach the model');
      }
      awaited = options.turnId;
      deps.watchdog.expects('answer');
      post({ kind: 'generate', system, earlier: [...conversation.exchanges], user: prompt, ...options });
    },
    readAhead(receipt, options) {
      const { system, content } = receipt.texts;
      if (!LeafReceipt.isReceipt(receipt) || system === undefined || content === undefined) {
        throw new Error('only a committed source may reach the model');
      }
      awaited = options.evaluationId;
      deps.watchdog.expects('answer');
      post({ kind: 'evaluate', system, user: content, ...options });
    },
    count(requests) {
      if (port === null || status.state !== 'ready') return Promise.resolve(null);
      counts += 1;
      const countId = counts;
      return new Promise((resolve) => {
        counting.set(countId, resolve);
        post({
          kind: 'count',
          countId,
          requests: requests.map(({ system, earlier, user }) => ({ system, earlier: [...earlier], user })),
        });
      });
    },
    stop: (turnId) => {
      deps.watchdog.expectsEnd();
      post({ kind: 'stop', turnId });
    },
    release: () => {
      post({ kind: 'release' });
    },
  };
}
