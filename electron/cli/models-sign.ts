import { appError } from '../shared/app-error.ts';
import { ok } from '../shared/result.ts';
import { approvedModelsFile, maximumApprovedModelsBytes } from '../vault/models/approved-models.ts';
import { signApprovedModels } from '../vault/models/sign-approved-models.ts';
import type { Command } from './command.ts';
import { signFile } from './sign-file.ts';
import { keyOption } from './signing-key.ts';

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
  run: (given, deps) =>
    signFile(given, deps, {
      name: 'The list of models',
      noteFile: approvedModelsFile,
      maximumBytes: maximumApprovedModelsBytes,
      notText,
      sign(text, domain, seed) {
        const signed = signApprovedModels(text, domain, seed);
        if (!signed.ok) return signed;
        const { note, models } = signed.value;
        return ok({ note, told: `Signed: ${models} models.`, json: { models } });
      },
    }),
};

const notText = appError(
  'file-not-text',
  'The list is not a text in UTF-8. Nothing was signed. Save it as UTF-8 and sign again.',
);
