import { createHash, randomBytes } from 'node:crypto';

/**
 * Recovery codes stand in for a lost second factor: ten, 50 random bits each, used once. Stored as a hash: they are random,
 * so nothing slow is needed against guessing, and the database is encrypted anyway; the hash keeps them from whoever reads
 * it while somebody is signed in.
 */
export const recoveryCodeCount = 10;

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 10;

export function createRecoveryCodes(): readonly string[] {
  return Array.from({ length: recoveryCodeCount }, () => {
    const text = Array.from(randomBytes(characters), (byte) => alphabet.charAt(byte % alphabet.length)).join(
      '',
    );
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });
}

/** @returns null for what is no recovery code: any case, spaces and hyphens; O for 0, I and L for 1 */
export function normaliseRecoveryCode(typed: string): string | null {
  const plain = typed
    .replace(/[\s\-\u2010-\u2015\u2212]/gu, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return plain.length === characters && [...plain].every((character) => alphabet.includes(character))
    ? plain
    : null;
}

/** @param normalised as `normaliseRecoveryCode` gives it */
export function hashRecoveryCode(userId: string, normalised: string): Buffer {
  return createHash('sha256').update(`cloister/1 recovery code\n${userId}\n${normalised}`).digest();
}
