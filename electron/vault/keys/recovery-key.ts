import { createHash } from 'node:crypto';
import { bech32 } from '@scure/base';
import { z } from 'zod';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { identityToRecipient, loadAge } from './age.ts';
import { recipientSchema } from './keyring-schema.ts';

/**
 * A recovery key is a plain age X25519 identity, so that `age` and `age-keygen` on any machine can use and make one.
 * It is printed or kept on a removable medium; this computer never stores it.
 */
const recoveryIdentitySchema = z
  .string()
  .regex(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/)
  .brand<'RecoveryIdentity'>();
export type RecoveryIdentity = z.infer<typeof recoveryIdentitySchema>;

const prefix = 'AGE-SECRET-KEY-1';
const prefixAsTyped = /AGE[\s-]*SECRET[\s-]*KEY[\s-]*1/gi;
/** Hyphen and dash look-alikes: word processors turn one into another. */
const separators = /[\s\-\u2010-\u2015\u2212]/gu;
const dataCharacters = 58;
const groupSize = 4;

export async function createRecoveryIdentity(): Promise<{
  readonly identity: RecoveryIdentity;
  readonly recipient: string;
}> {
  const { generateX25519Identity } = await loadAge();
  const identity = recoveryIdentitySchema.parse(await generateX25519Identity());
  return { identity, recipient: await recipientOf(identity) };
}

/**
 * Reads what a person typed, pasted or opened: any case, spaces, line breaks or hyphens between groups, or the whole file
 * of `age-keygen` with its comment lines, even when a one-line field has joined them. Every character counts: the key
 * carries a checksum, and a mistyped one is refused rather than taken for another key.
 */
export function parseRecoveryIdentity(text: string): Result<RecoveryIdentity> {
  const plain = text.replace(/[\u2010-\u2015\u2212]/gu, '-');
  const starts = [...plain.matchAll(prefixAsTyped)];
  const [start] = starts;
  if (start === undefined) return err(notARecoveryKey);
  if (starts.length > 1) return err(severalRecoveryKeys);
  const before = plain.slice(0, start.index).trim();
  if (before !== '' && !before.startsWith('#')) return err(notARecoveryKey);
  const [typed = ''] = plain.slice(start.index + start[0].length).split('#');
  const data = typed.replace(separators, '').toUpperCase();
  const identity = recoveryIdentitySchema.safeParse(`${prefix}${data}`);
  if (!identity.success)
    return err(data.length === dataCharacters ? mistyped : wrongLength(prefix.length + data.length));
  return hasChecksum(identity.data) ? ok(identity.data) : err(mistyped);
}

/** @returns `age1...`, the public half */
export async function recipientOf(identity: RecoveryIdentity): Promise<string> {
  return await identityToRecipient(identity);
}

/** SHA-256 of the recipient's text, in hex: how leaves name a recovery key. */
export function recipientHash(recipient: string): string {
  return createHash('sha256').update(recipient).digest('hex');
}

/**
 * For a recipient that IT made elsewhere: right checksum, and a point that keys can really be sealed to.
 * @returns `invalid-input` with a sentence
 */
export async function checkRecipient(text: string): Promise<Result<string>> {
  const recipient = recipientSchema.safeParse(text.trim());
  if (!recipient.success) return err(notARecipient);
  try {
    const { Encrypter } = await loadAge();
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient.data);
    await encrypter.encrypt(new Uint8Array(0));
    return ok(recipient.data);
  } catch {
    return err(notARecipient);
  }
}

/** For paper: the prefix on its own, then groups of four. `parseRecoveryIdentity` reads it back. */
export function groupForPrint(identity: RecoveryIdentity): readonly string[] {
  const data = identity.slice(prefix.length);
  return [prefix, ...(data.match(new RegExp(`.{1,${groupSize}}`, 'g')) ?? [])];
}

/** Bech32 (BIP 173): the last six characters check the rest. */
function hasChecksum(identity: RecoveryIdentity): boolean {
  try {
    return bech32.decodeToBytes(identity).bytes.length === 32;
  } catch {
    return false;
  }
}

const notARecoveryKey = appError(
  'invalid-input',
  `That is not a recovery key: one begins with ${prefix}. Nothing was changed. Type the line from the printed sheet, or open the key file.`,
);
const severalRecoveryKeys = appError(
  'invalid-input',
  'There is more than one recovery key in that text. Nothing was changed. Give one key at a time.',
);
const mistyped = appError(
  'invalid-input',
  'A character of this recovery key is wrong: it does not agree with its own check characters. Nothing was changed. Compare it with the printed sheet, group by group.',
);
const notARecipient = appError(
  'invalid-input',
  'That is not a usable public recovery key: one begins with age1 and has 62 characters. Nothing was added. Copy the line after "public key:" again.',
);

function wrongLength(characters: number) {
  return appError(
    'invalid-input',
    `A recovery key has ${prefix.length + dataCharacters} characters without the spaces; this one has ${characters}. Nothing was changed. Compare it with the printed sheet, group by group.`,
  );
}
