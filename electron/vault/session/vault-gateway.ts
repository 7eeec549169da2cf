import { existsSync } from 'node:fs';
import type { AppError } from '../../shared/app-error.ts';
import type { HashedFile } from '../../links/hashed-file.ts';
import type { FromVault } from '../../links/vault-control.ts';
import type { VaultEvent } from '../../shared/contract.ts';
import type { BlockedReports } from '../blocked-reports.ts';
import type { EngineSettings } from '../engine-settings.ts';
import type { GraphicsMemory } from '../graphics-memory.ts';
import type { ModelInUse } from '../models/model-choice.ts';
import type { TestHooks } from '../test-hooks.ts';
import { createModelGateway, type ModelGateway } from '../turns/model-gateway.ts';
import { createEngineWatchdog, hungError } from '../turns/engine-watchdog.ts';
import { inferenceEnd } from './inference-end.ts';
import { recordModel } from './model-events.ts';
import type { SignedIn } from './signed-in.ts';

export type VaultGateway = ModelGateway & {
  /** Main says that the process has ended without being asked to, or because it hung. */
  processEnded(
    end: Parameters<typeof inferenceEnd>[0],
    deps: Pick<Parameters<typeof inferenceEnd>[1], 'journal' | 'onNotice'>,
  ): void;
};

/** The model gateway of this vault: the screen hears of the model, and a session records it. */
export function createVaultGateway(deps: {
  readonly model: ModelInUse | null;
  /** Why there is none, where the list of approved models is the reason. */
  readonly noModel: AppError | null;
  readonly settings: EngineSettings;
  readonly graphics: GraphicsMemory;
  readonly hooks: TestHooks;
  readonly post: (event: VaultEvent) => void;
  readonly blocked: BlockedReports;
  readonly signedIn: () => SignedIn | null;
  readonly after: (delayMs: number, act: () => void) => () => void;
  /** The file that an earlier vault of this run of the app has loaded. */
  readonly hashed: HashedFile | null;
  readonly toMain: (message: FromVault) => void;
}): VaultGateway {
  const { model, settings, signedIn } = deps;
  /** Why the process is about to be ended. */
  let hung: AppError | null = null;
  /** Main was asked to end it: its end says nothing about memory. */
  let isHung = false;
  let { hashed } = deps;
  const gateway = createModelGateway({
    model: () => model?.specification ?? null,
    noModel: deps.noModel,
    isInstalled: existsSync,
    onWanted: () => {
      deps.toMain({ kind: 'model-wanted' });
    },
    knownThreads: () => (model === null ? null : settings.read(model.specification.sha256)),
    hashed: () => hashed,
    graphics: () =>
      model === null ? { wish: 'off', trial: null } : deps.graphics.wishFor(model.specification.sha256),
    onStatus: (status) => {
      deps.post({ event: 'model.status', status });
      const session = signedIn();
      if (status.state === 'ready' && session !== null) {
        recordModel(session.session, model, gateway, null);
        session.recorder.resume();
      }
      if (status.state === 'failed') deps.graphics.left();
      if (status.state !== 'failed' || session === null) return;
      recordModel(session.session, model, gateway, status.error);
      session.recorder.giveUp();
    },
    onLoaded: (facts) => {
      if (model !== null) {
        const { sha256 } = model.specification;
        settings.write(sha256, facts.threads);
        deps.graphics.told(sha256, facts.graphics);
        hashed = { sha256, identity: facts.identity };
        deps.toMain({ kind: 'model-hashed', hashed });
      }
      deps.hooks.note('model', () => facts);
    },
    onTurn: (message) => signedIn()?.recorder.receive(message),
    onReadAhead: (message) => signedIn()?.reading.receive(message),
    onEnded: () => {
      signedIn()?.reading.abort('engine-stopped');
      signedIn()?.recorder.abort('engine-stopped', hung);
      hung = null;
    },
    onGraphicsBegin: () => {
      if (model !== null) deps.graphics.begins(model.specification.sha256);
    },
    onNetworkBlocked: (api) => {
      deps.blocked.report('inference', api);
    },
    watchdog: createEngineWatchdog({
      tokensPerSecond: () => {
        const status = gateway.status();
        return status.state === 'ready' ? status.tokensPerSecond : null;
      },
      after: deps.after,
      onHung: (silentMs) => {
        hung = hungError(silentMs);
        isHung = true;
        deps.toMain({ kind: 'inference-hung' });
      },
    }),
  });
  return {
    ...gateway,
    processEnded(end, { journal, onNotice }) {
      deps.graphics.ended(isHung ? null : end.exitCode);
      const session = signedIn()?.session ?? null;
      inferenceEnd(end, { gateway, journal, onNotice, isHung, session });
      isHung = false;
    },
  };
}
