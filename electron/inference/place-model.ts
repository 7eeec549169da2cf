import type { HashedFile } from '../links/hashed-file.ts';
import type { ModelSpecification, ThreadChoice } from '../links/model-port.ts';
import type { ModelStatus } from '../shared/contract.ts';
import type { GraphicsTrial, GraphicsWish } from '../shared/graphics.ts';
import { chooseThreads, stillTrue } from './choose-threads.ts';
import type { CpuFacts } from './cpu-facts.ts';
import { openOnGraphics } from './graphics-card.ts';
import type { LlamaRuntime } from './llama-runtime.ts';
import { canLookUp } from './lookup.ts';
import { acceptsSeveralProposals } from './mended-acceptance.ts';
import type { LlamaModel } from './node-llama-cpp.ts';

type LoadingStatus = Extract<ModelStatus, { state: 'loading' }>;

/** From earlier runs on this machine, so that it need not be found out again. */
export type KnownOfModel = {
  readonly threads?: ThreadChoice | null;
  readonly hashed?: HashedFile | null;
  readonly graphics?: { readonly wish: GraphicsWish; readonly trial: GraphicsTrial | null };
};

export type LoadOptions = [
  specification: ModelSpecification,
  known: KnownOfModel,
  onStatus: (status: LoadingStatus) => void,
  signal: AbortSignal,
  /** The graphics are about to be tried, or taken. */
  onGraphics?: () => void,
];

type PlaceDeps = {
  readonly cpu: CpuFacts;
  readonly platform: NodeJS.Platform;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Whether the path still leads to the file that was hashed. */
  readonly isUnchanged: () => Promise<boolean>;
};

/** What must be disposed of. */
export type Held = {
  /** Where the model lies on a graphics card. */
  graphics: LlamaRuntime | null;
  model: LlamaModel | null;
};

/** Progress comes far more often than anybody can see: pass on whole percents only. */
export function inPercents(
  step: LoadingStatus['step'],
  onStatus: (status: LoadingStatus) => void,
): (fraction: number) => void {
  let last = -1;
  return (fraction) => {
    const percent = Math.floor(fraction * 100);
    if (percent === last) return;
    last = percent;
    onStatus({ state: 'loading', step, fraction: percent / 100 });
  };
}

/** Never more than the model was trained for. */
export const contextOf =
  ({ contextTokens }: ModelSpecification) =>
  ({ trainContextSize }: LlamaModel): number =>
    Math.min(contextTokens, trainContextSize);

/** Where the model lies, and how it computes there. */
export type Placed = {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly threads: ThreadChoice;
  readonly graphics: GraphicsTrial | null;
  /** What was measured to get there. */
  readonly measureMs: number;
};

/**
 * Loads the model where it computes fastest and rightly. `held` gets each part as soon as it has to be disposed of.
 * @returns `changed` where the path leads to another file than the one that was hashed
 * @throws what the engine throws, and where `signal` aborts
 */
export async function placeModel(
  deps: PlaceDeps,
  held: Held,
  runtime: LlamaRuntime,
  [specification, known, onStatus, signal, onGraphics]: LoadOptions,
): Promise<Placed | 'changed'> {
  const { cpu, now } = deps;
  const { nodeLlamaCpp, llama, engineVersion } = runtime;
  const { wish = 'off', trial: knownTrial = null } = known.graphics ?? {};
  const version = `${engineVersion} ${llama.llamaCppRelease.release}`;
  const canPropose = (model: LlamaModel): boolean =>
    acceptsSeveralProposals(nodeLlamaCpp) && canLookUp(model);
  const onProgress = inPercents('measuring', onStatus);
  const card = {
    nodeLlamaCpp,
    cpu,
    platform: deps.platform,
    modelPath: specification.path,
    contextTokens: specification.contextTokens,
    canPropose,
    now,
    onProgress,
    signal,
  };
  const turnTo = (
    how: Pick<Parameters<typeof openOnGraphics>[0], 'threads' | 'good' | 'onProcessor'>,
  ): ReturnType<typeof openOnGraphics> => {
    onGraphics?.();
    return openOnGraphics({ ...card, ...how });
  };
  const take = ({ opened, trial }: Awaited<ReturnType<typeof openOnGraphics>>, threads: ThreadChoice) => {
    if (opened === null || trial === null) return null;
    [held.graphics, held.model] = [opened.runtime, opened.model];
    return { ...opened, threads, graphics: trial, measureMs: 0 };
  };

  let graphics: GraphicsTrial | null = null;
  const here = {
    cpu,
    modelSha256: specification.sha256,
    engineVersion: version,
    usable: runtime.usableThreads,
  };
  const measured = stillTrue(known.threads ?? null, here);
  if (wish === 'use' && measured !== null) {
    const found = await turnTo({ threads: measured.threads, good: knownTrial, onProcessor: null });
    const placed = take(found, measured);
    if (!(await deps.isUnchanged())) return 'changed';
    if (placed !== null) return placed;
    // Another card than before, or less room on it, has to show what it can, like any.
    graphics = found.trial;
  }
  const model = await llama.loadModel({
    modelPath: specification.path,
    gpuLayers: 0,
    onLoadProgress: inPercents('loading', onStatus),
    loadSignal: signal,
  });
  held.model = model;
  if (!(await deps.isUnchanged())) return 'changed';
  const measuringSince = now();
  const threads = await chooseThreads({
    ...here,
    model,
    knownThreads: known.threads ?? null,
    canPropose: canPropose(model),
    now,
    onProgress,
    signal,
  });
  const measureMs = now() - measuringSince;
  if (wish === 'off' || graphics !== null) return { runtime, model, threads, graphics, measureMs };
  const onProcessor = { model, tokensPerSecond: threads.tokensPerSecond };
  const found = await turnTo({ threads: threads.threads, good: null, onProcessor });
  const placed = take(found, threads);
  if (placed !== null) await model.dispose();
  if (!(await deps.isUnchanged())) return 'changed';
  const tried = { measureMs: now() - measuringSince };
  if (placed === null) return { runtime, model, threads, graphics: found.trial, ...tried };
  return { ...placed, ...tried };
}
