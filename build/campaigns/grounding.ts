import { words } from './rouge.ts';

/** Kinds of words in a note that do harm when they are invented. */
export type Ungrounded = {
  readonly numbers: readonly string[];
  readonly drugs: readonly string[];
  readonly dates: readonly string[];
};

/**
 * What stands in a note and not in its source. Simple on purpose: it counts words, knows no medicine, and a flag is a place to
 * look at. A number is found in the source as figures or as a word; a drug is known by the ending of its name.
 */
export function ungrounded(source: string, note: string): Ungrounded {
  const known = new Set(words(source).flatMap((word) => [word, numberWords.get(word) ?? word]));
  const spoken = spokenNumbers(words(source));
  const isKnown = (word: string): boolean => known.has(word) || spoken.has(word);
  return {
    numbers: unique(withoutListMarks(note).match(/\d+/g) ?? []).filter((number) => !isKnown(number)),
    drugs: unique(words(note).filter((word) => drugEnding.test(word))).filter((word) => !isKnown(word)),
    dates: unique(note.toLowerCase().match(dateWord) ?? []).filter((word) => !isKnown(word)),
  };
}

const drugEnding =
  /^[a-z]{3,}(?:pril|sartan|olol|statin|cillin|mycin|azole|dipine|formin|gliptin|gliflozin|glutide|tidine|azepam|azolam|oxetine|pramine|triptyline|floxacin|cycline|sone|solone|profen|coxib|gabalin|pentin|parin|xaban|mab|tinib|vir|setron|triptan|semide|thiazide|terol|tropium|lukast|codone|morphone|caine)$/;
const dateWord =
  /\b(?:january|february|march|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b/g;

/** `1.` at the beginning of a line counts the lines. */
const withoutListMarks = (note: string): string => note.replaceAll(/^\s*\d{1,2}[.)]\s/gm, '');

const unique = (found: readonly string[]): string[] => [...new Set(found)];

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const numberWords = new Map([
  ...small.map((word, value) => [word, String(value)] as const),
  ...tens.map((word, index) => [word, String((index + 2) * 10)] as const),
]);

/** `fifty eight`, and `one hundred fifty eight` as far as it goes. */
function spokenNumbers(tokens: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    const ten = numberWords.get(token);
    const one = numberWords.get(tokens[index + 1] ?? '');
    if (tens.includes(token) && ten !== undefined && one !== undefined && Number(one) < 10)
      found.add(String(Number(ten) + Number(one)));
  }
  return found;
}
