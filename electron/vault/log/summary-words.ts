import type { FindingKind } from './summary.ts';

/** How `summary.html` speaks of what stands out. `none` ends the sentence "Not among these entries: ...". */
export const findingWords: Readonly<
  Record<FindingKind, { title: string; means: string; none: string; tone: 'red' | 'amber' }>
> = {
  tampering: {
    title: 'Signs that the record was changed from outside',
    means: 'A checkpoint that had left the computer, or the key file, did not fit this record.',
    none: 'signs of a change from outside',
    tone: 'red',
  },
  network: {
    title: 'Connections that were blocked',
    means: 'A part of Cloister tried to reach the network, which it never should. Nothing was sent.',
    none: 'attempts to reach the network',
    tone: 'red',
  },
  emergency: {
    title: 'Emergency access to another’s records',
    means:
      'Each should have a reason that holds. The reason given is in payloads.jsonl where the text is included.',
    none: 'emergency access',
    tone: 'amber',
  },
  signIns: {
    title: 'Failed sign-ins',
    means: 'Many in a row, or at night, may mean that somebody tried to guess a passphrase.',
    none: 'failed sign-ins',
    tone: 'amber',
  },
  keys: {
    title: 'Changes of keys',
    means:
      'A key that signs or encrypts this record was replaced, or a recovery key was used. Each should have been planned.',
    none: 'changes of keys',
    tone: 'amber',
  },
  clock: {
    title: 'The clock went back',
    means: 'Times after such an entry may be earlier than those before it. The order of the entries holds.',
    none: 'a clock that went back',
    tone: 'amber',
  },
  policy: {
    title: 'Problems with the policy',
    means: 'The signed policy could not be used, so every setting was at its strictest.',
    none: 'problems with the policy',
    tone: 'amber',
  },
  faults: {
    title: 'Faults',
    means:
      'A process ended by itself, a model was refused, an answer failed, or a checkpoint could not be written elsewhere.',
    none: 'faults',
    tone: 'amber',
  },
};
