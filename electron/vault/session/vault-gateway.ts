import type { VaultEvent } from '../../shared/contract.ts';
import type { BlockedReports } from '../blocked-reports.ts';
import type { EngineSettings } from '../engine-settings.ts';
import type { CatalogueModel } from '../model-catalogue.ts';
import type { TestHooks } from '../test-hooks.ts';
import { createModelGateway, type ModelGateway } from '../turns/model-gateway.ts';
import { recordModel } from './model-events.ts';
import type { SignedIn } from './signed-in.ts';

/** The model gateway of this vault: the screen hears of the model, and a session records it. */
export function createVaultGateway(deps: {
  readonly model: CatalogueModel | null;
  readonly settings: EngineSettings;
  readonly hooks: TestHooks;
  readonly post: (event: VaultEvent) => void;
  readonly blocked: BlockedReports;
  readonly signedIn: () => SignedIn | null;
}): ModelGateway {
  const { model, settings, signedIn } = deps;
  const gateway = createModelGateway({
    model: () => model?.specification ?? null,
    knownThreads: () => settings.read(),
    onStatus: (status) => {
      deps.post({ event: 'model.status', status });
      const session = signedIn()?.session;
      if (status.state === 'failed' && session !== undefined)
        recordModel(session, model, gateway, status.error);
    },
    onLoaded: (facts) => {
      settings.write(facts.threads);
      deps.hooks.note('model', () => facts);
      const session = signedIn()?.session;
      if (session !== undefined) recordModel(session, model, gateway, null);
    },
    onTurn: (message) => signedIn()?.recorder.receive(message),
    onEnded: () => signedIn()?.recorder.abort('engine-stopped'),
    onNetworkBlocked: (api) => {
      deps.blocked.report('inference', api);
    },
  });
  return gateway;
}
