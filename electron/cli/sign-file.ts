import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { AppError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { decodeUtf8 } from '../vault/policy/decode-utf8.ts';
import { organisationKeyFile } from '../vault/policy/load-policy.ts';
import type { CommandDeps, CommandReport, GivenWords } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { writeNewFiles, type NewFile } from './new-file.ts';
import { readSigningKey } from './signing-key.ts';

/** What a command signs for the policy folder of every computer. */
export type Signed = {
  readonly note: string;
  /** What the first line says. */
  readonly told: string;
  readonly json: Readonly<Record<string, unknown>>;
};

/**
 * Reads a text, signs it with the organisation's key, and writes the note and the public key beside it.
 * @param sign gives the note, or what is wrong with the text; `seed` is zeroed afterwards
 */
export async function signFile(
  { values: [file = ''], options }: GivenWords,
  deps: CommandDeps,
  what: {
    /** For a sentence: `The policy`. */
    readonly name: string;
    readonly noteFile: string;
    readonly maximumBytes: number;
    readonly notText: AppError;
    readonly sign: (text: string, domain: string, seed: Uint8Array) => Result<Signed>;
  },
): Promise<Result<CommandReport>> {
  const path = resolve(deps.workingFolder, file);
  const bytes = readGivenFile(path, what.name, what.maximumBytes);
  if (!bytes.ok) return bytes;
  const text = decodeUtf8(bytes.value);
  if (text === null) return err(what.notText);
  const key = await readSigningKey(options['key'] ?? '', deps);
  if (!key.ok) return key;
  const { name, seed } = key.value;
  try {
    const signed = what.sign(text, name, seed);
    if (!signed.ok) return signed;
    const { note, told, json } = signed.value;
    const verifierKey = verifierKeyFor(name, seed);
    const out = options['out'] === undefined ? dirname(path) : resolve(deps.workingFolder, options['out']);
    const written = writeNewFiles([
      { path: join(out, what.noteFile), bytes: note, mode: 0o644 },
      ...organisationKeyIn(out, `${verifierKey}\n`),
    ]);
    if (!written.ok) return written;
    const sha256 = createHash('sha256').update(note).digest('hex');
    return ok({
      passed: true,
      lines: [
        `${told} ${what.noteFile} and ${organisationKeyFile} were written.`,
        `SHA-256 of ${what.noteFile}: ${sha256}`,
      ],
      json: { folder: out, sha256, ...json, verifierKey },
    });
  } finally {
    seed.fill(0);
  }
}

/** The same key as for the policy before may lie there already. Also for a provisioning file. */
export function organisationKeyIn(folder: string, organisationKey: string): readonly NewFile[] {
  const path = join(folder, organisationKeyFile);
  const there = readGivenFile(path, '', Buffer.byteLength(organisationKey));
  const same = there.ok && there.value.equals(Buffer.from(organisationKey));
  return same ? [] : [{ path, bytes: organisationKey, mode: 0o644 }];
}
