import {
  fromInferenceSchema,
  type FromInference,
  type ModelSpecification,
  type Sampler,
  type ThreadChoice,
  type ToInference,
} from '../../links/model-port.ts';
import type { Port } from '../../links/port.ts';
import { appError } from '../../shared/app-error.ts';
import type { ModelStatus } from '../../shared/contract.ts';
import type { TurnId } from '../../shared/ids.ts';
import { LeafReceipt } from '../log/receipt.ts';

/**
 * The vault's end of the model port. Text reaches the model through `sendToModel` alone, and that takes the receipt of
 * a committed intent, never text: nobody can ask the model something that is not in the log.
 */
export type ModelGateway = {
  attach(port: Port): void;
  /** The inference process is gone; `ended` listeners hear of it once. */
  detach(): void;
  /** No other inference process will come before the next sign-in. */
  giveUp(): void;
  status(): ModelStatus;
  facts(): LoadedFacts | null;
  sendToModel(receipt: LeafReceipt<'prompt.submitted'>, options: GenerationOptions): void;
  stop(turnId: TurnId): void;
};

export type GenerationOptions = {
  readonly turnId: TurnId;
  readonly sampler: Sampler;
  readonly reservedAnswerTokens: number;
  readonly maxAnswerTokens: number;
};
export type LoadedFacts = Extract<FromInference, { kind: 'loaded' }>;
export type TurnMessage = Extract<FromInference, { turnId: TurnId }>;

type Deps = {
  readonly model: () => ModelSpecification | null;
  readonly knownThreads: () => ThreadChoice | null;
  readonly onStatus: (status: ModelStatus) => void;
  readonly onLoaded: (facts: LoadedFacts) => void;
  readonly onTurn: (message: TurnMessage) => void;
  readonly onEnded: () => void;
  readonly onNetworkBlocked: (api: string) => void;
};

const stoppedForGood = appError(
  'model-stopped',
  'The model stopped several times in a row, so Cloister does not start it again. Everything that was shown is recorded, and your text is kept. Sign out and in again to start it once more; if it stops again, call IT.',
);

export function createModelGateway(deps: Deps): ModelGateway {
  let port: Port | null = null;
  let status: ModelStatus = { state: 'loading', step: 'checking', fraction: 0 };
  let facts: LoadedFacts | null = null;

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
    const said = parsed.data;
    if (said.kind === 'status') setStatus(said.status);
    else if (said.kind === 'loaded') {
      facts = said;
      deps.onLoaded(said);
    } else if (said.kind === 'network-blocked') deps.onNetworkBlocked(said.api);
    else deps.onTurn(said);
  }

  function detach(): void {
    if (port === null) return;
    port = null;
    facts = null;
    setStatus({ state: 'loading', step: 'checking', fraction: 0 });
    deps.onEnded();
  }

  return {
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
      const model = deps.model();
      if (model === null) {
        setStatus({
          state: 'failed',
          error: appError(
            'model-missing',
            'No approved model is installed. Your work is kept. Ask IT to install one, then start Cloister again.',
          ),
        });
        return;
      }
      post({ kind: 'load', model, knownThreads: deps.knownThreads() });
    },
    detach,
    giveUp: () => {
      setStatus({ state: 'failed', error: stoppedForGood });
    },
    status: () => status,
    facts: () => facts,
    sendToModel(receipt, options) {
      const { system, prompt } = receipt.texts;
      if (!LeafReceipt.isReceipt(receipt) || system === undefined || prompt === undefined) {
        throw new Error('only a committed request may reach the model');
      }
      post({ kind: 'generate', system, user: prompt, ...options });
    },
    stop: (turnId) => {
      post({ kind: 'stop', turnId });
    },
  };
}
