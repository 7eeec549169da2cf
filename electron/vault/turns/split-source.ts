/** A piece of a source: `from` is its first character, `to` the first one behind it. UTF-16 code units. */
export type SourceRange = { readonly from: number; readonly to: number };

/** Where a source may be cut, the best places first: between what two people say and before headings; lines; sentences; words. */
const places: readonly RegExp[] = [
  // Before a line that begins with a speaker ("Doctor:", "[patient]"), a heading ("PLAN", "# Plan", "Plan:"), or behind an empty line.
  /(?<=\n)(?=\[[^\]\n]{1,40}\]|[\p{L}][\p{L} .'-]{0,30}:|#{1,6} |[\p{Lu}][\p{Lu} /&-]{2,60}\n)|(?<=\n\s*\n)(?=\S)/gu,
  /(?<=\n)/gu,
  /(?<=[.!?…]["'”’)]?)(?=\s)/gu,
  /(?<=\s)(?=\S)/gu,
];

/** How far from an even cut a better place is looked for, in shares of a piece. */
const reach = 0.25;

/**
 * Cuts a text into pieces of about the same length. Nothing is left out and nothing comes twice: each piece begins where the
 * one before ends. No character is cut in two.
 * @returns `count` ranges, fewer where there are not so many characters
 */
export function splitSource(text: string, count: number): readonly SourceRange[] {
  const size = text.length / count;
  const cuts: number[] = [0];
  for (let index = 1; index < count; index += 1) {
    const cut = bestCut(text, Math.round(index * size), Math.floor(size * reach), cuts.at(-1) ?? 0);
    if (cut > (cuts.at(-1) ?? 0) && cut < text.length) cuts.push(cut);
  }
  return cuts.map((from, index) => ({ from, to: cuts[index + 1] ?? text.length }));
}

function bestCut(text: string, target: number, reachCharacters: number, after: number): number {
  const from = Math.max(after + 1, target - reachCharacters);
  const to = Math.min(text.length - 1, target + reachCharacters);
  // Some characters more on both sides, for what the patterns look at.
  const margin = 120;
  const start = Math.max(0, from - margin);
  const window = text.slice(start, to + margin);
  for (const place of places) {
    let best: number | null = null;
    for (const match of window.matchAll(place)) {
      const at = start + match.index;
      if (at < from || at > to) continue;
      if (best === null || Math.abs(at - target) < Math.abs(best - target)) best = at;
    }
    if (best !== null) return best;
  }
  // Between the two halves of one character there is no place.
  const code = text.charCodeAt(target);
  return code >= 0xdc00 && code <= 0xdfff ? target + 1 : target;
}
