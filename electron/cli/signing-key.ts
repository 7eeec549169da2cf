import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { parseVerifierKey, verifierKeyFor } from '../vault/log/signed-note.ts';
import type { CommandDeps } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { resolve } from 'node:path';

/**
 * The organisation's private key in the form that Go's `note` package made common: one line
 * `PRIVATE+KEY+<name>+<key id>+<base64(0x01 || seed)>`. The key id is that of the public key, so a damaged line is found out.
 */
export type SigningKey = {
  /** The domain of the organisation. */
  readonly name: string;
  /** 32 bytes (RFC 8032); the caller zeroes them. */
  readonly seed: Buffer;
};

const ed25519Type = 0x01;
const maximumBytes = 4096;

/** @returns the file's content, which the caller zeroes */
export function formatSigningKey({ name, seed }: SigningKey): Buffer {
  const id = parseVerifierKey(verifierKeyFor(name, seed))?.id.toString('hex') ?? '';
  const secret = Buffer.concat([Uint8Array.of(ed25519Type), seed]);
  try {
    return Buffer.from(`PRIVATE+KEY+${name}+${id}+${secret.toString('base64')}\n`, 'utf8');
  } finally {
    secret.fill(0);
  }
}

/** @returns `invalid-input` for anything but one such line */
export function parseSigningKey(bytes: Uint8Array): Result<SigningKey> {
  const line = Buffer.from(bytes).toString('utf8').trim();
  const match = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(line);
  const [, name = '', id, encoded = ''] = match ?? [];
  const secret = Buffer.from(encoded, 'base64');
  try {
    if (secret.byteLength !== 33 || secret[0] !== ed25519Type) return err(notAKey);
    const seed = Buffer.from(secret.subarray(1));
    if (parseVerifierKey(verifierKeyFor(name, seed))?.id.toString('hex') === id) return ok({ name, seed });
    seed.fill(0);
    return err(notAKey);
  } finally {
    secret.fill(0);
  }
}

/** @param given a file, or `-` to be asked for it or to have it piped in */
export async function readSigningKey(given: string, deps: CommandDeps): Promise<Result<SigningKey>> {
  const bytes =
    given === '-'
      ? await deps.readSecret('Signing key of the organisation')
      : readGivenFile(resolve(deps.workingFolder, given), 'The signing key', maximumBytes);
  if (!bytes.ok) return bytes;
  try {
    return parseSigningKey(bytes.value);
  } finally {
    bytes.value.fill(0);
  }
}

/** For the help of each command that signs. */
export const keyOption = {
  name: 'key',
  value: 'FILE',
  explanation:
    'The key of the organisation, as "policy keygen" wrote it; "-" asks for it or reads it from a pipe.',
  needed: true,
} as const;

const notAKey = appError(
  'invalid-input',
  'That is not a usable signing key: it is one line that begins with PRIVATE+KEY+, as "cloister policy keygen" writes it. Nothing was signed. Check that it is the right file, whole.',
);
