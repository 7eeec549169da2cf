import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalBytes } from '../log/canonical-json.ts';
import type { Keyring, KeyringContent } from './keyring-schema.ts';
import { deriveSubkey } from './subkeys.ts';

/**
 * Roles, names and the log's public key stand in the clear in the keyring. Without this code an editor would make a
 * clinician an administrator; with it, whoever changes the file outside Cloister must already hold the DEK.
 * It does not prove that this is the newest keyring: an old one is authentic too (SECURITY.md, roll-back).
 */
export function authenticateKeyring(content: KeyringContent, dek: Uint8Array): Keyring {
  return { ...content, mac: codeOf(content, dek).toString('base64') };
}

export function isKeyringAuthentic(keyring: Keyring, dek: Uint8Array): boolean {
  const { mac, ...content } = keyring;
  const stored = Buffer.from(mac, 'base64');
  const expected = codeOf(content, dek);
  return stored.byteLength === expected.byteLength && timingSafeEqual(stored, expected);
}

function codeOf(content: KeyringContent, dek: Uint8Array): Buffer {
  const key = deriveSubkey(dek, 'cloister/1 keyring authentication');
  try {
    return createHmac('sha256', key).update(canonicalBytes(content)).digest();
  } finally {
    key.fill(0);
  }
}
