import { argon2id } from 'hash-wasm';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';

/**
 * Argon2id (RFC 9106, version 0x13) over a passphrase: the only barrier between a stolen disk and guessing.
 * hash-wasm, because the BoringSSL of Electron has no Argon2. Its WebAssembly memory is not ours to zero; what remains
 * there goes with the vault process at lock and sign-out.
 */
export type KdfParameters = {
  readonly memoryKiB: number;
  readonly iterations: number;
  readonly parallelism: number;
};

/** RFC 9106, second recommended option. Also the floor: nothing weaker is ever opened. */
export const recommendedKdf: KdfParameters = { memoryKiB: 65_536, iterations: 3, parallelism: 4 };

const minimumSaltBytes = 8;
const outputBytes = 32;

/**
 * The passphrase as bytes, the same on every keyboard and operating system. As in RFC 8265's OpaqueString: other spaces
 * become U+0020 (Option+Space on a Mac types U+00A0 unseen), then NFC (macOS types some letters decomposed). Not NFKC:
 * it would make different characters equal (full-width, ligatures, superscripts) and so throw away what the person chose.
 * Nothing is trimmed and case counts. The caller zeroes the bytes.
 * @returns null for a text with a lone surrogate: two such texts would share their UTF-8
 */
export function passphraseBytes(passphrase: string): Uint8Array | null {
  if (!passphrase.isWellFormed()) return null;
  return new TextEncoder().encode(passphrase.replace(/\p{Zs}/gu, ' ').normalize('NFC'));
}

/** Weaker parameters than the floor can only be somebody's doing: the file is refused before any key is derived. */
export function checkKdf(parameters: KdfParameters, floor: KdfParameters): Result<void> {
  const strong =
    parameters.memoryKiB >= floor.memoryKiB &&
    parameters.iterations >= floor.iterations &&
    parameters.parallelism >= floor.parallelism;
  return strong ? ok(undefined) : err(weakened);
}

/**
 * @param passphrase bytes of `passphraseBytes`; not empty
 * @param salt 16 random bytes (the keyring's schema insists; published vectors use 8)
 * @returns 32 bytes; the caller zeroes them. 64 MiB and about half a second at full strength
 */
export async function deriveArgon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  parameters: KdfParameters,
): Promise<Uint8Array> {
  if (salt.byteLength < minimumSaltBytes) throw new RangeError('an Argon2 salt has 8 bytes at least');
  return await argon2id({
    password: passphrase,
    salt,
    memorySize: parameters.memoryKiB,
    iterations: parameters.iterations,
    parallelism: parameters.parallelism,
    hashLength: outputBytes,
    outputType: 'binary',
  });
}

const weakened = appError(
  'keyring-damaged',
  'The key file of this installation was changed so that passphrases would be easier to guess, so Cloister does not use it. Nothing was opened or deleted. Do not type a passphrase on this computer; call IT, who restore the key file from a backup and find out who changed it.',
);
