import { createHash, randomBytes } from 'node:crypto';
import { err, ok, type Result } from '../../shared/result.ts';
import { keychainChanged } from './key-errors.ts';
import type { DeviceRecord } from './keyring-schema.ts';

/**
 * The operating system's keychain, which only main can reach (`safeStorage`, asynchronous API). Texts are base64.
 * Both calls answer null on failure and never throw.
 */
export type Keychain = {
  readonly available: boolean;
  /** `gnome_libsecret`, `kwallet5`, `keychain`, `dpapi` and so on. */
  readonly backend: string;
  wrap(plain: string): Promise<string | null>;
  unwrap(wrapped: string): Promise<string | null>;
};

/** Electron names these where it would encrypt with a password that is printed in its source. */
const worthlessBackends: ReadonlySet<string> = new Set(['', 'basic_text', 'none', 'unknown']);

const secretBytes = 32;
const checkDomain = 'cloister/1 device secret';

export type DeviceSecret = { readonly secret: Uint8Array | null; readonly device: DeviceRecord };

/**
 * Makes the half of every user's key that never leaves this computer. A keychain counts only after it gave the secret
 * back once; without one the installation is passphrase-only, and the screen and the log say so.
 * The caller zeroes the secret.
 */
export async function createDeviceSecret(keychain: Keychain): Promise<DeviceSecret> {
  const { backend } = keychain;
  const passphraseOnly: DeviceSecret = {
    secret: null,
    device: { mode: 'passphrase-only', backend, wrapped: null },
  };
  if (!isUsable(keychain)) return passphraseOnly;
  const secret = randomBytes(secretBytes);
  const wrapped = await keychain.wrap(withCheck(secret));
  const back = wrapped === null || wrapped === '' ? null : await unwrapChecked(keychain, wrapped);
  const same = back !== null && back.equals(secret);
  back?.fill(0);
  if (wrapped === null || !same) {
    secret.fill(0);
    return passphraseOnly;
  }
  return { secret, device: { mode: 'device-bound', backend, wrapped } };
}

/**
 * A keychain under another name that still gives back the right secret is the same keychain (Electron renames backends);
 * one that does not, or a worthless one, is `keychain-changed`. The caller zeroes the secret.
 * @returns null in passphrase-only mode
 */
export async function openDeviceSecret(
  keychain: Keychain,
  device: DeviceRecord,
): Promise<Result<Uint8Array | null>> {
  if (device.mode === 'passphrase-only') return ok(null);
  if (!isUsable(keychain)) return err(keychainChanged);
  const secret = await unwrapChecked(keychain, device.wrapped);
  return secret === null ? err(keychainChanged) : ok(secret);
}

function isUsable(keychain: Keychain): boolean {
  return keychain.available && !worthlessBackends.has(keychain.backend);
}

/** Chromium's OSCrypt is AES-CBC without authentication: what it returns for a damaged blob must not pass for a key. */
function withCheck(secret: Uint8Array): string {
  const both = Buffer.concat([secret, checkOf(secret)]);
  try {
    return both.toString('base64');
  } finally {
    both.fill(0);
  }
}

async function unwrapChecked(keychain: Keychain, wrapped: string): Promise<Buffer | null> {
  const plain = await keychain.unwrap(wrapped);
  if (plain === null) return null;
  const both = Buffer.from(plain, 'base64');
  try {
    if (both.byteLength !== 2 * secretBytes) return null;
    const secret = both.subarray(0, secretBytes);
    return checkOf(secret).equals(both.subarray(secretBytes)) ? Buffer.from(secret) : null;
  } finally {
    both.fill(0);
  }
}

function checkOf(secret: Uint8Array): Buffer {
  return createHash('sha256').update(checkDomain).update(secret).digest();
}
