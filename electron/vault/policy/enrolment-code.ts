import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';

/**
 * A one-time code: 100 random bits as 20 characters of Crockford's base 32, and two check characters, in groups of four:
 * `XXXX-XXXX-XXXX-XXXX-XXXX-CC`. The check is the number modulo 1021, the largest prime below 32², so a wrong character
 * and two neighbours that changed places are always found, and other slips but for one in a thousand. It gives away
 * nothing: it follows from the rest.
 */
const enrolmentCodeSchema = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{22}$/)
  .brand<'EnrolmentCode'>();
/** All 22 characters without hyphens, in capitals: what keys are derived from. */
export type EnrolmentCode = z.infer<typeof enrolmentCodeSchema>;

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const dataCharacters = 20;
const checkCharacters = 2;
const checkModulus = 1021;
/** Hyphen and dash look-alikes: word processors turn one into another. */
const separators = /[\s\-\u2010-\u2015\u2212]/gu;

/**
 * @param random for tests: a source of random bytes
 * @returns the code as keys are derived from it, and as it stands on the sheet
 */
export function createEnrolmentCode(random: (bytes: number) => Uint8Array = randomBytes): {
  readonly normalised: EnrolmentCode;
  readonly printed: string;
} {
  const data = Array.from(random(dataCharacters), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  const normalised = enrolmentCodeSchema.parse(`${data}${checkOf(data)}`);
  return { normalised, printed: normalised.match(/.{1,4}/g)?.join('-') ?? '' };
}

/**
 * Reads what a person typed: any case, with or without spaces and hyphens, O for 0, I and L for 1.
 * @returns `invalid-input` with a sentence that never repeats the code
 */
export function parseEnrolmentCode(typed: string): Result<EnrolmentCode> {
  const plain = typed.replace(separators, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  if ([...plain].some((character) => !alphabet.includes(character))) return err(foreignCharacter);
  if (plain.length !== dataCharacters + checkCharacters) return err(wrongLength(plain.length));
  const data = plain.slice(0, dataCharacters);
  return checkOf(data) === plain.slice(dataCharacters) ? ok(enrolmentCodeSchema.parse(plain)) : err(mistyped);
}

function checkOf(data: string): string {
  let remainder = 0;
  for (const character of data)
    remainder = (remainder * alphabet.length + alphabet.indexOf(character)) % checkModulus;
  return `${alphabet.charAt(Math.floor(remainder / alphabet.length))}${alphabet.charAt(remainder % alphabet.length)}`;
}

const compare = 'Nothing was changed. Compare it with the sheet, group by group.';
const foreignCharacter = appError(
  'invalid-input',
  `There is a character in this one-time code that no code has. ${compare} A code has digits and letters only, and no U.`,
);
const mistyped = appError(
  'invalid-input',
  `A character of this one-time code is wrong: it does not agree with the two check characters at its end. ${compare}`,
);

function wrongLength(characters: number) {
  return appError(
    'invalid-input',
    `A one-time code has ${dataCharacters + checkCharacters} characters without the hyphens; this one has ${characters}. ${compare}`,
  );
}
