import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { appError } from '../shared/app-error.ts';
import { err, ok } from '../shared/result.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { decodeUtf8 } from '../vault/policy/decode-utf8.ts';
import { maximumPolicyBytes, organisationKeyFile, policyFile } from '../vault/policy/load-policy.ts';
import { signPolicy } from '../vault/policy/sign-policy.ts';
import type { Command } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { writeNewFiles, type NewFile } from './new-file.ts';
import { keyOption, readSigningKey } from './signing-key.ts';

export const policySign: Command = {
  name: 'policy sign',
  summary: 'Signs a policy, if it is one that a computer would take.',
  explanation: [
    'FILE is the policy as JSON (docs/policy.md). Writes policy.note, which must not exist yet, and organisation.vkey.',
    'Both go into the policy folder of every computer. They hold no secret.',
  ],
  values: ['FILE'],
  options: [
    keyOption,
    { name: 'out', value: 'DIR', explanation: 'Where to write; else beside FILE.', needed: false },
  ],
  async run({ values: [file = ''], options }, deps) {
    const path = resolve(deps.workingFolder, file);
    const bytes = readGivenFile(path, 'The policy', maximumPolicyBytes);
    if (!bytes.ok) return bytes;
    const text = decodeUtf8(bytes.value);
    if (text === null) return err(notText);
    const key = await readSigningKey(options['key'] ?? '', deps);
    if (!key.ok) return key;
    const { name, seed } = key.value;
    try {
      const signed = signPolicy(text, seed);
      if (!signed.ok) return signed;
      const { note, organisationKey } = signed.value;
      if (organisationKey !== `${verifierKeyFor(name, seed)}\n`) return err(otherOrganisation);
      const out = options['out'] === undefined ? dirname(path) : resolve(deps.workingFolder, options['out']);
      const written = writeNewFiles([
        { path: join(out, policyFile), bytes: note, mode: 0o644 },
        ...organisationKeyIn(out, organisationKey),
      ]);
      if (!written.ok) return written;
      const sha256 = createHash('sha256').update(note).digest('hex');
      return ok({
        passed: true,
        lines: [
          `Signed. ${policyFile} and ${organisationKeyFile} were written.`,
          `SHA-256 of ${policyFile}: ${sha256}`,
        ],
        json: { folder: out, sha256, verifierKey: organisationKey.trimEnd() },
      });
    } finally {
      seed.fill(0);
    }
  },
};

/** The same key as for the policy before may lie there already. Also for a provisioning file. */
export function organisationKeyIn(folder: string, organisationKey: string): readonly NewFile[] {
  const path = join(folder, organisationKeyFile);
  const there = readGivenFile(path, '', Buffer.byteLength(organisationKey));
  const same = there.ok && there.value.equals(Buffer.from(organisationKey));
  return same ? [] : [{ path, bytes: organisationKey, mode: 0o644 }];
}

const notText = appError(
  'file-not-text',
  'The policy is not a text in UTF-8. Nothing was signed. Save it as UTF-8 and sign again.',
);
const otherOrganisation = appError(
  'invalid-input',
  'The key belongs to another organisation than the policy names. Nothing was signed. Take the key of this organisation, or correct "organisation" in the policy.',
);
