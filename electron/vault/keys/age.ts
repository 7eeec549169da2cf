import type { webcrypto } from 'node:crypto';
import { lateSelfTest } from './self-test.ts';

/**
 * age, when it is first needed: its curves take a twentieth of a second to set up, and the first screen needs none of them.
 * @throws where a primitive gave a wrong answer: nothing is sealed or opened then
 */
export async function loadAge(): Promise<typeof import('age-encryption')> {
  const tested = await lateSelfTest();
  if (!tested.ok) throw new Error(tested.error.message);
  return import('age-encryption');
}

/** @returns `age1...`, the public half */
export async function identityToRecipient(identity: string | webcrypto.CryptoKey): Promise<string> {
  const age = await loadAge();
  return await age.identityToRecipient(identity);
}
