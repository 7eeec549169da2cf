import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { passphraseBytes } from '../keys/argon2.ts';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import type { PassphraseRules } from './passphrase-rules.ts';

/**
 * How hard a passphrase is to guess, measured on this computer with zxcvbn: known words, names, keyboard rows, dates,
 * repetitions. Argon2id makes each guess slow; this makes them many.
 */
export type PassphraseStrength = {
  /** 0 to 4, as zxcvbn's. */
  readonly score: number;
  readonly acceptable: boolean;
  /** What to do, in plain words. Never holds any of the text. */
  readonly advice: string;
  /** Decimal logarithm of the guesses that it takes. */
  readonly guessesLog10: number;
};

/** @param personal what others know of the person: the own name, the organisation's */
export type PassphraseMeter = (passphrase: string, personal: readonly string[]) => PassphraseStrength;

/** Code points. Beyond it a paste went wrong, and measuring would take seconds. */
const maximumCharacters = 256;
/** Code points beside names, spaces and digits. */
const minimumOwnCharacters = 8;
/** What is measured of a long one: its beginning. The rest makes it stronger only. */
const measuredCharacters = 64;
/**
 * How many readings of disguised words (`p4$$w0rd`) are looked up. zxcvbn's own 100 take up to 0.4 s at 64 characters;
 * with 10 the disguised words of the tests are found just the same.
 */
const readingsOfDisguises = 10;

/** The word lists are unpacked once, at the first measurement: about 60 ms. */
export function createPassphraseMeter(currentRules: () => PassphraseRules): PassphraseMeter {
  let zxcvbn: ZxcvbnFactory | null = null;
  return (typed, known) => {
    const rules = currentRules();
    const passphrase = asDerived(typed);
    if (passphrase === null) return refused(unusable);
    const characters = [...passphrase];
    if (characters.length > maximumCharacters) return refused(tooLong);
    if (passphrase.trim() === '') return refused(empty);
    zxcvbn ??= new ZxcvbnFactory({
      dictionary: { ...common, ...english },
      graphs: adjacencyGraphs,
      useLevenshteinDistance: false,
      maxLength: measuredCharacters,
      l33tMaxSubstitutions: readingsOfDisguises,
    });
    const personal = [
      'cloister',
      ...known.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]),
    ].filter((word) => word.length > 2);
    const measured = zxcvbn.check(characters.slice(0, measuredCharacters).join(''), personal);
    const { score, guessesLog10 } = measured;
    const missing = rules.passphraseMinimumCharacters - characters.length;
    if (missing > 0) return { score, guessesLog10, acceptable: false, advice: tooShort(missing, rules) };
    // zxcvbn takes a known name for fifty guesses, so three of them count as a strong passphrase.
    if (isMadeOf(passphrase, personal))
      return { score: Math.min(score, 1), guessesLog10, acceptable: false, advice: personalOnly };
    if (score < rules.passphraseMinimumStrength)
      return { score, guessesLog10, acceptable: false, advice: tooWeak };
    return { score, guessesLog10, acceptable: true, advice: good };
  };
}

/** The very text that the key is derived from: what is counted here is what has to be guessed. */
function asDerived(typed: string): string | null {
  const bytes = passphraseBytes(typed);
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** Whether too little is left when what everybody knows of the person is taken out. */
function isMadeOf(passphrase: string, words: readonly string[]): boolean {
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  const whole = passphrase.toLowerCase();
  let left = whole;
  for (const word of longestFirst) left = left.replaceAll(word.toLowerCase(), '');
  return left !== whole && [...left.replace(/[\s\d]/g, '')].length < minimumOwnCharacters;
}

function refused(advice: string): PassphraseStrength {
  return { score: 0, acceptable: false, advice, guessesLog10: 0 };
}

const unusable =
  'This passphrase holds a character that computers write in different ways. Nothing was saved. Choose another.';
const empty =
  'A passphrase of spaces alone is none. Four or five random words are strong and easy to remember.';
const tooLong = `A passphrase has at most ${maximumCharacters} characters. Was the clipboard pasted by mistake?`;
const tooWeak =
  'This passphrase is too easy to guess: it holds words that belong together, a name, a date or a pattern. Four or five random words are strong and easy to remember.';
const personalOnly =
  'This passphrase is made of names that others know: yours, the organisation, Cloister. Nothing was saved. Four or five random words are strong and easy to remember.';
const good = 'This passphrase is strong enough.';

function tooShort(missing: number, { passphraseMinimumCharacters }: PassphraseRules): string {
  return `A passphrase needs at least ${passphraseMinimumCharacters} characters: ${missing} more. Four or five random words are strong and easy to remember.`;
}
