import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { appError } from '../shared/app-error.ts';
import { err, ok } from '../shared/result.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { approvedModelsFile, maximumApprovedModelsBytes } from '../vault/models/approved-models.ts';
import { signApprovedModels } from '../vault/models/sign-approved-models.ts';
import { decodeUtf8 } from '../vault/policy/decode-utf8.ts';
import { organisationKeyFile } from '../vault/policy/load-policy.ts';
import type { Command } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { writeNewFiles } from './new-file.ts';
import { organisationKeyIn } from './policy-sign.ts';
import { keyOption, readSigningKey } from './signing-key.ts';

export const modelsSign: Command = {
  name: 'models sign',
  summary: 'Signs a list of approved models: a computer that has it loads no other.',
  explanation: [
    'FILE is the list as JSON (docs/policy.md, "Approved models"). Writes models.note, which must not exist yet, and',
    'organisation.vkey. Both go into the policy folder of every computer. They hold no secret.',
  ],
  values: ['FILE'],
  options: [
    keyOption,
    { name: 'out', value: 'DIR', explanation: 'Where to write; else beside FILE.', needed: false },
  ],
  async run({ values: [file = ''], options }, deps) {
    const path = resolve(deps.workingFolder, file);
    const bytes = readGivenFile(path, 'The list of models', maximumApprovedModelsBytes);
    if (!bytes.ok) return bytes;
    const text = decodeUtf8(bytes.value);
    if (text === null) return err(notText);
    const key = await readSigningKey(options['key'] ?? '', deps);
    if (!key.ok) return key;
    const { name, seed } = key.value;
    try {
      const signed = signApprovedModels(text, name, seed);
      if (!signed.ok) return signed;
      const { note, models } = signed.value;
      const organisationKey = `${verifierKeyFor(name, seed)}\n`;
      const out = options['out'] === undefined ? dirname(path) : resolve(deps.workingFolder, options['out']);
      const written = writeNewFiles([
        { path: join(out, approvedModelsFile), bytes: note, mode: 0o644 },
        ...organisationKeyIn(out, organisationKey),
      ]);
      if (!written.ok) return written;
      const sha256 = createHash('sha256').update(note).digest('hex');
      return ok({
        passed: true,
        lines: [
          `Signed: ${models} models. ${approvedModelsFile} and ${organisationKeyFile} were written.`,
          `SHA-256 of ${approvedModelsFile}: ${sha256}`,
        ],
        json: { folder: out, sha256, models, verifierKey: organisationKey.trimEnd() },
      });
    } finally {
      seed.fill(0);
    }
  },
};

const notText = appError(
  'file-not-text',
  'The list is not a text in UTF-8. Nothing was signed. Save it as UTF-8 and sign again.',
);
