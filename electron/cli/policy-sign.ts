import { appError } from '../shared/app-error.ts';
import { err, ok } from '../shared/result.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { maximumPolicyBytes, policyFile } from '../vault/policy/load-policy.ts';
import { signPolicy } from '../vault/policy/sign-policy.ts';
import type { Command } from './command.ts';
import { signFile } from './sign-file.ts';
import { keyOption } from './signing-key.ts';

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
  run: (given, deps) =>
    signFile(given, deps, {
      name: 'The policy',
      noteFile: policyFile,
      maximumBytes: maximumPolicyBytes,
      notText,
      sign(text, domain, seed) {
        const signed = signPolicy(text, seed);
        if (!signed.ok) return signed;
        const { note, organisationKey } = signed.value;
        if (organisationKey !== `${verifierKeyFor(domain, seed)}\n`) return err(otherOrganisation);
        return ok({ note, told: 'Signed.', json: {} });
      },
    }),
};

const notText = appError(
  'file-not-text',
  'The policy is not a text in UTF-8. Nothing was signed. Save it as UTF-8 and sign again.',
);
const otherOrganisation = appError(
  'invalid-input',
  'The key belongs to another organisation than the policy names. Nothing was signed. Take the key of this organisation, or correct "organisation" in the policy.',
);
