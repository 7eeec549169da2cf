import type { LeafDraft } from '../log/audit-log.ts';
import type { Actor } from '../session/session.ts';
import type { LoadedFacts } from './model-gateway.ts';
import { longestAnswer, reservedAnswerTokens, type TurnRequest } from './turn-request.ts';

/** The intent of a request: all that is needed to ask it again. */
export function promptLeaf(
  request: TurnRequest,
  by: {
    readonly actor: Actor;
    readonly model: { readonly id: string; readonly sha256: string };
    readonly facts: LoadedFacts;
    readonly contextTokens: number;
  },
): LeafDraft<'prompt.submitted'> {
  const { actor, model, facts, contextTokens } = by;
  return {
    type: 'prompt.submitted',
    actor: { id: actor.userId, role: actor.role },
    session: actor.sessionId,
    patient: request.patientId,
    outcome: 'success',
    data: {
      turn: request.turnId,
      task: request.taskId,
      template: { id: request.template.id, version: request.template.version },
      regenerates: request.regenerates,
      model: model.sha256,
      modelId: model.id,
      engine: facts.engineVersion,
      llamaCpp: facts.llamaCppRelease,
      sampler: request.sampler,
      contextTokens,
      reservedAnswerTokens,
      maxAnswerTokens: request.maxAnswerTokens ?? longestAnswer(contextTokens),
      destination: 'local',
      follows: request.follows,
      replays: request.replays,
      part: request.part,
      source: request.source,
      structure: request.structure,
    },
    texts: { system: request.template.system, prompt: request.prompt },
  };
}
