import { randomBytes } from 'node:crypto';
import type { SafeStorage } from 'electron';

/** The operating system's key store. It wraps the device secret, which alone opens nothing. */
export type Keychain = {
  /** `backend` names the store in the log. Not available: the vault then takes the passphrase alone, and says so. */
  facts(): Promise<{ readonly available: boolean; readonly backend: string }>;
  /** base64 in, base64 out; null when the store refuses or is not available. */
  wrap(plain: string): Promise<string | null>;
  unwrap(wrapped: string): Promise<string | null>;
};

type Deps = {
  readonly safeStorage: Pick<
    SafeStorage,
    'encryptStringAsync' | 'decryptStringAsync' | 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend'
  >;
  readonly platform: NodeJS.Platform;
  readonly delay: (delayMs: number) => Promise<void>;
};

const uselessBackends = new Set(['basic_text', 'unknown', 'none']);

/**
 * On Linux, Chromium marks with this what it encrypted under a password that is printed in its source. It does so
 * without an error when the key store is locked or gone, whatever the name of the backend.
 */
const builtInPasswordMark = Buffer.from('v10');

/** The store may be asking the person for its own password. */
const storeWaitMs = 20_000;
const askAgainMs = 50;
const timesAsked = 40;

/** Nothing is asked of the store before `app` is ready. */
export function createKeychain(deps: Deps): Keychain {
  const { safeStorage, platform } = deps;
  let found: Promise<{ available: boolean; backend: string }> | null = null;

  async function encrypt(plain: string): Promise<string | null> {
    const wrapped = await limited(deps, () => safeStorage.encryptStringAsync(plain));
    if (wrapped === null) return null;
    const isProtected = platform !== 'linux' || !wrapped.subarray(0, 3).equals(builtInPasswordMark);
    return isProtected ? wrapped.toString('base64') : null;
  }

  async function decrypt(wrapped: string): Promise<string | null> {
    const blob = Buffer.from(wrapped, 'base64');
    return (await limited(deps, () => safeStorage.decryptStringAsync(blob)))?.result ?? null;
  }

  async function find(): Promise<{ available: boolean; backend: string }> {
    const backend = backendName(deps);
    if (uselessBackends.has(backend) || !(await isOpen(deps))) return { available: false, backend };
    const probe = randomBytes(32).toString('base64');
    const wrapped = await encrypt(probe);
    return { available: wrapped !== null && (await decrypt(wrapped)) === probe, backend };
  }

  const facts = (): Promise<{ available: boolean; backend: string }> => (found ??= find());
  return {
    facts,
    wrap: async (plain) => ((await facts()).available ? encrypt(plain) : null),
    unwrap: async (wrapped) => ((await facts()).available ? decrypt(wrapped) : null),
  };
}

/**
 * Electron 42 answers no while it is still opening the store, and crashes when it is told to encrypt before it answered
 * yes; so it is asked a few times, and nothing is encrypted without a yes.
 */
async function isOpen(deps: Deps): Promise<boolean> {
  for (let time = 0; time < timesAsked; time += 1) {
    const open = await limited(deps, () => deps.safeStorage.isAsyncEncryptionAvailable());
    if (open !== false) return open === true;
    await deps.delay(askAgainMs);
  }
  return false;
}

/** Null when it fails or takes longer than a person takes for a password. */
async function limited<T>({ delay }: Deps, act: () => Promise<T>): Promise<T | null> {
  try {
    return await Promise.race([act(), delay(storeWaitMs).then(() => null)]);
  } catch {
    return null;
  }
}

function backendName({ platform, safeStorage }: Deps): string {
  switch (platform) {
    case 'darwin':
      return 'keychain';
    case 'win32':
      return 'dpapi';
    case 'linux':
      return safeStorage.getSelectedStorageBackend();
    default:
      return 'none';
  }
}
