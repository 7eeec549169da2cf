/** Why a policy is not trusted. Closed, because the code goes into the log. */
export const policyProblemCodes = [
  'policy-missing',
  'policy-unreadable',
  'policy-not-a-file',
  'policy-too-large',
  'policy-permissions',
  'policy-key-missing',
  'policy-key-malformed',
  'policy-key-differs',
  'policy-unknown-signer',
  'policy-signature',
  'policy-malformed',
  'policy-other-organisation',
  'policy-rolled-back',
] as const;
export type PolicyProblemCode = (typeof policyProblemCodes)[number];

/** `message`: what happened, what was kept, and what IT does next. Holds no path, key or value. */
export type PolicyProblem = { readonly code: PolicyProblemCode; readonly message: string };

/** @param detail of `policy-malformed`: what is wrong in the document, as part of a sentence */
export function policyProblem(code: PolicyProblemCode, detail = 'it is not a policy'): PolicyProblem {
  const [happened, next] = sentences[code];
  const what = code === 'policy-malformed' ? `${happened}: ${detail}.` : `${happened}.`;
  return { code, message: `${what} ${kept} IT: ${next}, then start Cloister again.` };
}

const kept =
  'Every setting is at its strictest until that is repaired; the record and the accounts are as they were.';

const sentences: Readonly<Record<PolicyProblemCode, readonly [happened: string, next: string]>> = {
  'policy-missing': [
    'This computer belongs to an organisation, but its policy file is missing',
    'put policy.note back into the policy folder',
  ],
  'policy-unreadable': [
    'The policy could not be read',
    'check that the policy folder and the files in it may be read by everybody and that the disk works',
  ],
  'policy-not-a-file': [
    'In the place of the policy folder or of a file in it stands something else, such as a link',
    'replace it with a plain folder and plain files',
  ],
  'policy-too-large': [
    'The policy is larger than any policy can be',
    'put the right policy.note into the policy folder and find out who changed it',
  ],
  'policy-permissions': [
    'Others than the administrators of this computer could have changed the policy',
    'let the policy folder and the files in it belong to the system and be writable by nobody else, check what they hold',
  ],
  'policy-key-missing': [
    'There is a policy, but nothing on this computer says whose signature to trust',
    'put organisation.vkey beside policy.note',
  ],
  'policy-key-malformed': [
    'The public key of the organisation on this computer is not a usable key',
    'put the right organisation.vkey, one line, into the policy folder',
  ],
  'policy-key-differs': [
    'The public key in the policy folder is not the one that this computer was enrolled with',
    'put the right organisation.vkey back, or remove it, and find out who changed it',
  ],
  'policy-unknown-signer': [
    'The policy is not signed by this organisation',
    'put a policy.note into the policy folder that the key of this organisation signed',
  ],
  'policy-signature': [
    'The policy was changed after it was signed, or was copied incompletely',
    'copy the signed policy.note into the policy folder again, byte for byte',
  ],
  'policy-malformed': [
    'The signed policy cannot be used',
    'correct the policy, raise its version, sign it and put it into the policy folder',
  ],
  'policy-other-organisation': [
    'The policy is for another organisation',
    'put the policy of this organisation into the policy folder',
  ],
  'policy-rolled-back': [
    'The policy is older than one that was in force on this computer before',
    'put the newest policy into the policy folder; to go back, sign the older settings with a higher version',
  ],
};
