import type { AppError } from '../../shared/app-error.ts';
import type { ModelInUse } from '../models/model-choice.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import type { OpenSession } from './open-session.ts';
import { recordSystemEvent } from './system-events.ts';

/** Which model answers in this session, or why none does. */
export function recordModel(
  open: OpenSession,
  model: ModelInUse | null,
  gateway: ModelGateway,
  error: AppError | null,
): void {
  const facts = gateway.facts();
  const status = gateway.status();
  if (model !== null && facts !== null && status.state === 'ready') {
    recordSystemEvent(open, 'model.loaded', 'success', {
      model: model.specification.sha256,
      modelId: model.id,
      contextTokens: status.contextTokens,
      verifyMs: Math.round(facts.verifyMs),
      loadMs: Math.round(facts.loadMs),
      threads: facts.threads.threads,
      tokensPerSecondMilli: Math.round(status.tokensPerSecond * 1000),
      engine: facts.engineVersion,
      llamaCpp: facts.llamaCppRelease,
      backend: facts.backend,
    });
  } else if (error !== null) {
    recordSystemEvent(open, 'model.refused', 'refused', { modelId: model?.id ?? null, code: error.code });
  }
}
