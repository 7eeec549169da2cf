import type { webcrypto } from 'node:crypto';

/** age, when it is first needed: its curves take a twentieth of a second to set up, and the first screen needs none of them. */
export const loadAge = (): Promise<typeof import('age-encryption')> => import('age-encryption');

/** @returns `age1...`, the public half */
export async function identityToRecipient(identity: string | webcrypto.CryptoKey): Promise<string> {
  const age = await loadAge();
  return await age.identityToRecipient(identity);
}
