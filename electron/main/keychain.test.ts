import { describe, expect, it } from 'vitest';
import { createKeychain } from './keychain.ts';

type Store = Parameters<typeof createKeychain>[0]['safeStorage'];

/** What Electron does on Linux: a three-letter mark of the key, then the text, here only turned round. */
function store(options: {
  backend?: ReturnType<Store['getSelectedStorageBackend']>;
  mark?: string;
  opensAfter?: number;
}): {
  readonly safeStorage: Store;
  readonly calls: string[];
} {
  const { backend = 'gnome_libsecret', mark = 'v11', opensAfter = 0 } = options;
  const calls: string[] = [];
  const turn = (text: string): string => [...text].reverse().join('');
  let asked = 0;
  return {
    calls,
    safeStorage: {
      getSelectedStorageBackend: () => backend,
      isAsyncEncryptionAvailable: () => {
        asked += 1;
        return Promise.resolve(asked > opensAfter);
      },
      encryptStringAsync: (plain) => {
        calls.push('encrypt');
        return Promise.resolve(Buffer.from(mark + turn(plain)));
      },
      decryptStringAsync: (wrapped) => {
        calls.push('decrypt');
        return Promise.resolve({ shouldReEncrypt: false, result: turn(wrapped.toString().slice(3)) });
      },
    },
  };
}

const linux = {
  platform: 'linux',
  delay: (ms: number) => new Promise<void>((resolve) => ms < 1000 && resolve()),
} as const;

describe('the key store', () => {
  it('is available when a trial goes round', async () => {
    const keychain = createKeychain({ ...linux, ...store({}) });
    expect(await keychain.facts()).toEqual({ available: true, backend: 'gnome_libsecret' });
    const wrapped = await keychain.wrap('c2VjcmV0');
    expect(await keychain.unwrap(wrapped ?? '')).toBe('c2VjcmV0');
  });

  it.each(['basic_text', 'unknown'] as const)(
    'is not available as %s, and is not even tried',
    async (backend) => {
      const { safeStorage, calls } = store({ backend });
      const keychain = createKeychain({ ...linux, safeStorage });
      expect([
        await keychain.facts(),
        await keychain.wrap('c2VjcmV0'),
        await keychain.unwrap('dG9rZW4='),
        calls,
      ]).toEqual([{ available: false, backend }, null, null, []]);
    },
  );

  it('is not available when Chromium quietly used its built-in password', async () => {
    const keychain = createKeychain({ ...linux, ...store({ mark: 'v10' }) });
    expect([await keychain.facts(), await keychain.wrap('c2VjcmV0')]).toEqual([
      { available: false, backend: 'gnome_libsecret' },
      null,
    ]);
  });

  it('is waited for while it opens, and nothing is encrypted before it said yes', async () => {
    const { safeStorage, calls } = store({ opensAfter: 10 });
    const callsAtYes: number[] = [];
    const keychain = createKeychain({
      ...linux,
      safeStorage: {
        ...safeStorage,
        isAsyncEncryptionAvailable: async () => {
          const open = await safeStorage.isAsyncEncryptionAvailable();
          if (open) callsAtYes.push(calls.length);
          return open;
        },
      },
    });
    expect([(await keychain.facts()).available, callsAtYes]).toEqual([true, [0]]);
  });

  it('is given up when it never opens', async () => {
    const { safeStorage, calls } = store({ opensAfter: Infinity });
    expect([await createKeychain({ ...linux, safeStorage }).facts(), calls]).toEqual([
      { available: false, backend: 'gnome_libsecret' },
      [],
    ]);
  });

  it('is given up when it does not answer in the time of a person', async () => {
    const { safeStorage } = store({});
    const keychain = createKeychain({
      platform: 'linux',
      delay: () => Promise.resolve(),
      safeStorage: { ...safeStorage, encryptStringAsync: () => new Promise(() => undefined) },
    });
    expect((await keychain.facts()).available).toBe(false);
  });

  it('answers null when it fails', async () => {
    const { safeStorage } = store({});
    const keychain = createKeychain({ ...linux, safeStorage });
    await keychain.facts();
    safeStorage.decryptStringAsync = () => Promise.reject(new Error('Error while decrypting the ciphertext'));
    expect(await keychain.unwrap('dG9rZW4=')).toBeNull();
  });

  it.each([
    ['darwin', 'keychain'],
    ['win32', 'dpapi'],
  ] as const)('on %s is called %s', async (platform, backend) => {
    const { safeStorage } = store({ mark: 'v10' });
    expect(await createKeychain({ ...linux, platform, safeStorage }).facts()).toEqual({
      available: true,
      backend,
    });
  });
});
