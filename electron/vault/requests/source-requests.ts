import type { Flavour } from '../../shared/flavour.ts';
import { ok } from '../../shared/result.ts';
import type { Fit } from '../../shared/turn-contract.ts';
import type { OpenSession } from '../session/open-session.ts';
import { CommittedConversation } from '../turns/committed-conversation.ts';
import type { ModelGateway } from '../turns/model-gateway.ts';
import { countRequest, planParts } from '../turns/parts-plan.ts';
import { patientIdFor } from '../turns/patients.ts';
import type { SourceReading } from '../turns/source-reading.ts';
import { followUpTemplate } from '../turns/templates.ts';
import { reservedAnswerTokens, wordsIn } from '../turns/turn-request.ts';
import type { Handlers } from './request-table.ts';
import { refusePatient } from './synthetic-patients.ts';
import { ownTurn, sharedCharactersOf } from './turn-requests.ts';

type SourceHandlers = Pick<
  Handlers,
  'source.recordOpened' | 'source.prepare' | 'source.release' | 'source.measure'
>;

export type SourceRequestDeps = {
  readonly flavour: Flavour;
  readonly session: () => OpenSession;
  readonly reading: () => SourceReading;
  readonly gateway: ModelGateway;
  readonly isSuspect: () => boolean;
};

/** What happens to a source before anybody asks about it. */
export function sourceHandlers(deps: SourceRequestDeps): SourceHandlers {
  const { session, reading, gateway } = deps;
  return {
    'source.recordOpened': (input) => {
      const refused = refusePatient(deps.flavour, input.patientReference);
      if (refused !== null) return refused;
      const { database, log, actor } = session();
      const receipt = log.append({
        type: 'document.opened',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient: patientIdFor(database, input.patientReference),
        outcome: 'success',
        data: { sizeBytes: Buffer.byteLength(input.text), characters: input.text.length },
        texts: { fileName: input.fileName, content: input.text },
      });
      return ok({ entry: receipt.seq });
    },
    'source.prepare': ({ patientReference, sourceText }) => {
      const refused = deps.isSuspect() ? ok({ entry: null }) : refusePatient(deps.flavour, patientReference);
      if (refused !== null) return refused;
      const patientId = patientIdFor(session().database, patientReference);
      return ok({ entry: reading().begin({ patientId, text: sourceText }) });
    },
    'source.release': () => {
      reading().release();
      return ok({});
    },
    'source.measure': async (asked) => {
      const status = gateway.status();
      if (status.state !== 'ready') return ok(null);
      const roomTokens = status.contextTokens - reservedAnswerTokens;
      if (asked.follows !== null)
        return ok(await measureFollowUp(deps, asked.follows, asked.question, roomTokens));
      const counted = await countRequest(asked, gateway.count);
      if (counted === null) return ok(null);
      const { promptTokens, bareTokens } = counted;
      const overTokens = Math.max(0, promptTokens - roomTokens);
      const sourceTokens = Math.max(1, promptTokens - bareTokens);
      const parts = overTokens === 0 ? 1 : bareTokens > roomTokens ? null : await partsOf(asked.sourceText);
      return ok({
        promptTokens,
        roomTokens,
        overWords: Math.ceil((wordsIn(asked.sourceText) * overTokens) / sourceTokens),
        parts,
      });

      async function partsOf(text: string): Promise<number | null> {
        const ranges = await planParts({ text, tokens: sourceTokens }, roomTokens, gateway.count);
        return ranges?.length ?? null;
      }
    },
  };
}

async function measureFollowUp(
  { session, gateway }: SourceRequestDeps,
  follows: NonNullable<Parameters<typeof ownTurn>[1]>,
  question: string,
  roomTokens: number,
): Promise<Fit | null> {
  if (ownTurn(session(), follows) === null) return null;
  const conversation = CommittedConversation.upTo(session().database, follows, sharedCharactersOf);
  if (conversation === null) return null;
  const { system } = followUpTemplate;
  const counted = await gateway.count([{ system, earlier: conversation.exchanges, user: question }]);
  const promptTokens = counted?.[0];
  if (promptTokens === undefined) return null;
  const fits = promptTokens <= roomTokens;
  return { promptTokens, roomTokens, overWords: 0, parts: fits ? 1 : null };
}
