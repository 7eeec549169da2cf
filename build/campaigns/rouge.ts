/**
 * ROUGE (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004) as Google's rouge_score counts it: words of
 * letters a to z and digits in lower case, no stemming; ROUGE-L over the whole text.
 */
export type Rouge = { readonly precision: number; readonly recall: number; readonly f: number };

export function rougeN(n: number, reference: string, candidate: string): Rouge {
  const wanted = grams(n, words(reference));
  const found = grams(n, words(candidate));
  let shared = 0;
  for (const [gram, count] of found) shared += Math.min(count, wanted.get(gram) ?? 0);
  return scores(shared, sum(found), sum(wanted));
}

export function rougeL(reference: string, candidate: string): Rouge {
  const [wanted, found] = [words(reference), words(candidate)];
  return scores(longestCommon(wanted, found), found.length, wanted.length);
}

export function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

function grams(n: number, tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + n <= tokens.length; at += 1) {
    const gram = tokens.slice(at, at + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Length of the longest sequence of words that stands in both in this order, with gaps. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let above = Array.from({ length: b.length + 1 }, () => 0);
  for (const word of a) {
    const row = [0];
    for (const [index, other] of b.entries())
      row.push(word === other ? (above[index] ?? 0) + 1 : Math.max(above[index + 1] ?? 0, row[index] ?? 0));
    above = row;
  }
  return above.at(-1) ?? 0;
}

function scores(shared: number, found: number, wanted: number): Rouge {
  const precision = found === 0 ? 0 : shared / found;
  const recall = wanted === 0 ? 0 : shared / wanted;
  return { precision, recall, f: shared === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);
