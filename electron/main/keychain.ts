import type { SafeStorage } from 'electron';

/** The operating system's key store. It wraps the device secret, which alone opens nothing. */
export type Keychain = {
  /** `backend` names the store in the log. Not available: the vault then takes the passphrase alone, and says so. */
  facts(): Promise<{ available: boolean; backend: string }>;
  /** base64 in, base64 out; null when the store refuses. */
  wrap(plain: string): Promise<string | null>;
  unwrap(wrapped: string): Promise<string | null>;
};

type Deps = {
  readonly safeStorage: Pick<
    SafeStorage,
    'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
  >;
  readonly platform: NodeJS.Platform;
};

/** Without a key store Chromium encrypts with a password that is printed in its source. */
const uselessBackends = new Set(['basic_text', 'unknown', 'none']);

export function createKeychain(deps: Deps): Keychain {
  const { safeStorage } = deps;
  return {
    async facts() {
      try {
        const available = await safeStorage.isAsyncEncryptionAvailable();
        const backend = backendName(deps);
        return { available: available && !uselessBackends.has(backend), backend };
      } catch {
        return { available: false, backend: 'none' };
      }
    },
    async wrap(plain) {
      try {
        return (await safeStorage.encryptStringAsync(plain)).toString('base64');
      } catch {
        return null;
      }
    },
    async unwrap(wrapped) {
      try {
        return (await safeStorage.decryptStringAsync(Buffer.from(wrapped, 'base64'))).result;
      } catch {
        return null;
      }
    },
  };
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
