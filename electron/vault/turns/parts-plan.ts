import { splitSource, type SourceRange } from './split-source.ts';
import { partTemplate, partText, requestText, templateFor } from './templates.ts';
import type { ModelGateway } from './model-gateway.ts';

/**
 * Tokens of a whole request, and of the same without its source.
 * @returns null where no model is ready
 */
export async function countRequest(
  asked: Parameters<typeof requestText>[0],
  count: ModelGateway['count'],
): Promise<{ readonly promptTokens: number; readonly bareTokens: number } | null> {
  const { system } = templateFor(asked.taskId);
  const counted = await count([
    { system, earlier: [], user: requestText(asked).text },
    { system, earlier: [], user: requestText({ ...asked, sourceText: '' }).text },
  ]);
  const [promptTokens, bareTokens] = counted ?? [];
  return promptTokens === undefined || bareTokens === undefined ? null : { promptTokens, bareTokens };
}

/** More parts would take a night, and their notes would not join to anything. */
const mostParts = 40;

/**
 * Cuts a source into as few parts as let the model read each of them whole.
 * @param roomTokens for a request, beside its answer
 * @returns null where no model is ready, or even small parts do not fit
 */
export async function planParts(
  source: { readonly text: string; readonly tokens: number },
  roomTokens: number,
  count: ModelGateway['count'],
): Promise<readonly SourceRange[] | null> {
  const { text, tokens } = source;
  for (let parts = Math.max(2, Math.ceil(tokens / roomTokens)); parts <= mostParts; parts += 1) {
    const ranges = splitSource(text, parts);
    const counted = await count(
      ranges.map((range, index) => ({
        system: partTemplate.system,
        earlier: [],
        user: partText({ text: text.slice(range.from, range.to), step: index + 1, of: ranges.length }),
      })),
    );
    if (counted === null) return null;
    if (counted.every((needed) => needed <= roomTokens)) return ranges;
    if (ranges.length < parts) return null;
  }
  return null;
}
