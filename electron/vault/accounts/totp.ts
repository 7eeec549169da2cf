import { timingSafeEqual } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';

/**
 * RFC 6238 with the only parameters that every authenticator app takes: SHA-1, six digits, steps of 30 s. The clock may
 * differ by one step either way. A code counts once: its step must be later than the last one that was taken.
 */
export const totpSecretBytes = 20;
const algorithm = 'SHA1';
const digits = 6;
const periodSeconds = 30;
const skewSteps = 1;
/** Of each name, written for a URI: longer names would make a picture that no camera reads, or none at all. */
const longestNameInUri = 150;

/** @param atMs wall clock, UTC */
export function totpStep(atMs: number): number {
  return Math.floor(atMs / 1000 / periodSeconds);
}

/** @param length of the code; RFC 6238's own vectors have eight digits */
export function totpCode(secret: Uint8Array, step: number, length: number = digits): string {
  const copy = secretOf(secret);
  try {
    return HOTP.generate({ secret: copy, algorithm, digits: length, counter: step });
  } finally {
    copy.bytes.fill(0);
  }
}

/**
 * @param lastStep the last step that was taken; -1 for none
 * @returns the step of this code, to be stored before anything else; `second-factor-wrong` with why
 */
export function checkTotp(
  secret: Uint8Array,
  typed: string,
  facts: { readonly atMs: number; readonly lastStep: number },
): Result<number> {
  const code = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(code)) return err(notSixDigits);
  const current = totpStep(facts.atMs);
  // Every step is compared, whichever fits: how long it takes tells nothing.
  const fitting = [0, -skewSteps, skewSteps].filter((skew) => equal(code, totpCode(secret, current + skew)));
  const [skew] = fitting;
  if (skew === undefined) return err(wrongCode);
  const step = current + skew;
  if (step > facts.lastStep) return ok(step);
  return err(current < facts.lastStep - skewSteps ? clockBehind : usedAlready);
}

/** What an authenticator app reads from the picture. */
export function totpUri(
  secret: Uint8Array,
  names: { readonly organisation: string; readonly account: string },
): string {
  const totp = new TOTP({
    issuer: nameForUri(`Cloister ${names.organisation}`),
    label: nameForUri(names.account),
    algorithm,
    digits,
    period: periodSeconds,
    secret: secretOf(secret),
  });
  return totp.toString();
}

/** The same secret for typing: base 32 in groups of four. */
export function totpKeyForTyping(secret: Uint8Array): string {
  return (
    secretOf(secret)
      .base32.match(/.{1,4}/g)
      ?.join(' ') ?? ''
  );
}

/** A colon would end the issuer. Whole code points only. */
function nameForUri(name: string): string {
  let kept = '';
  for (const character of name.replaceAll(':', ' ')) {
    if (encodeURIComponent(kept + character).length > longestNameInUri) break;
    kept += character;
  }
  return kept;
}

function secretOf(secret: Uint8Array): Secret {
  return new Secret({ buffer: Uint8Array.from(secret).buffer });
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

const notSixDigits = appError(
  'second-factor-wrong',
  'The code has six digits. Nothing was changed. Type the six digits that the app shows now.',
);
const wrongCode = appError(
  'second-factor-wrong',
  'That is not the code that the app shows now. Nothing was lost. Wait for the next one and type it; if it is never right, the clock of the phone or of this computer is wrong.',
);
const usedAlready = appError(
  'second-factor-wrong',
  'This code was used already; each counts once. Nothing was lost. Wait for the next one.',
);
const clockBehind = appError(
  'second-factor-wrong',
  'The clock of this computer stands earlier than at the last sign-in, so no code can be checked. Nothing was lost. Call IT to set the clock, or use a recovery code.',
);
