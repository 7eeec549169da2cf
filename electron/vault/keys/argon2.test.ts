import { describe, expect, it } from 'vitest';
import { checkKdf, deriveArgon2id, passphraseBytes, recommendedKdf } from './argon2.ts';
import { codeOf } from './keys-fixture.ts';

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('hex');
const bytesOf = (passphrase: string): string | null => {
  const bytes = passphraseBytes(passphrase);
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
};

describe('a passphrase as bytes', () => {
  it('is the same typed composed or decomposed, and with any kind of space', () => {
    expect([
      bytesOf('Zoe\u0308 na\u00efve'),
      bytesOf('Zo\u00eb\u00a0nai\u0308ve'),
      bytesOf('Zo\u00eb\u202fna\u00efve'),
    ]).toEqual(Array(3).fill(utf8('Zo\u00eb na\u00efve')));
  });

  it('keeps compatibility characters, case and outer spaces apart', () => {
    const distinct = new Set([
      bytesOf('file'),
      bytesOf('\ufb01le'),
      bytesOf('File'),
      bytesOf(' file'),
      bytesOf('\uff46ile'),
    ]);
    expect(distinct.size).toBe(5);
  });

  it('takes emoji whole and refuses half of one', () => {
    expect([bytesOf('👩‍⚕️'), bytesOf('\ud83d')]).toEqual([utf8('👩‍⚕️'), null]);
  });
});

describe('key derivation parameters', () => {
  it('are refused when any of them is below the floor', () => {
    const weakened = [
      recommendedKdf,
      { ...recommendedKdf, memoryKiB: 65_535 },
      { ...recommendedKdf, iterations: 2 },
      { ...recommendedKdf, parallelism: 3 },
    ].map((parameters) => codeOf(checkKdf(parameters, recommendedKdf)));
    expect(weakened).toEqual(['ok', 'keyring-damaged', 'keyring-damaged', 'keyring-damaged']);
  });

  it('at full strength are those of RFC 9106, second recommended option', () => {
    expect(recommendedKdf).toEqual({ memoryKiB: 64 * 1024, iterations: 3, parallelism: 4 });
  });
});

it('a salt shorter than RFC 9106 asks for is a bug', async () => {
  await expect(
    deriveArgon2id(Buffer.from('x'), Buffer.alloc(7), { memoryKiB: 64, iterations: 1, parallelism: 1 }),
  ).rejects.toThrow(RangeError);
});
