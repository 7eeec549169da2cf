import { appError, type AppError } from '../../shared/app-error.ts';

export type ProvisioningProblem = keyof typeof sentences;

/** @param detail of `not-json` and `not-allowed`: a place in the file or what is wrong there, never a value */
export function provisioningProblem(problem: ProvisioningProblem, detail = ''): AppError {
  const [happened, next] = sentences[problem];
  const what = detail === '' ? happened : `${happened} (${detail})`;
  return appError('invalid-input', `${what}. Nothing was set up or changed. ${next}.`);
}

const makeAgain = 'Ask IT to correct the list and to make the file again';
const copyAgain = 'Copy provisioning.note again from where IT keeps it, byte for byte';

const sentences = {
  'too-large': ['This provisioning file is larger than 4 MiB, the most that Cloister reads', makeAgain],
  'not-a-note': ['This is not a signed provisioning file, or it was copied incompletely', copyAgain],
  'unusable-key': [
    'The public key of the organisation on this computer is not a usable key, so the provisioning file could not be checked',
    'Ask IT to put the right organisation.vkey, one line, into the policy folder',
  ],
  'other-signer': [
    'This provisioning file is not signed by the organisation that this computer belongs to',
    'Do not use it; ask IT where it comes from',
  ],
  changed: ['This provisioning file was changed after it was signed', copyAgain],
  'not-json': ['The signed provisioning file cannot be read', makeAgain],
  'not-allowed': ['The provisioning file has a part that is missing, not known or not allowed', makeAgain],
  'other-key': ['The provisioning file names another key than the one that signed it', makeAgain],
  'other-domain': [
    'The key in the provisioning file belongs to another domain than its organisation',
    makeAgain,
  ],
  'user-twice': ['Two users of the provisioning file have the same id', makeAgain],
  'name-twice': [
    'Two users of the provisioning file have the same name, so nobody could tell them apart at the sign-in screen',
    makeAgain,
  ],
  'recipient-twice': [
    'A public key stands twice in the provisioning file; each user and each recovery key needs its own',
    makeAgain,
  ],
  'unusable-recipient': ['A public key in the provisioning file cannot be used', makeAgain],
} as const;
