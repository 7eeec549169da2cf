import type { LeafEnvelope } from './leaf.ts';

/** What an auditor must not overlook, taken from the leaves themselves. */
export type StandsOut = {
  /** Entries in which somebody opened another's records in an emergency. */
  readonly emergencies: readonly number[];
  /** The first entry that was not in the bundle before. */
  readonly newFrom: number;
  /** Somebody keeps the record of the own work. */
  readonly solePractitioner: boolean;
};

/** @param leaves those of the events `record.break-glass` and `user.created` @param newFrom leaves in the bundle before */
export function whatStandsOut(leaves: readonly LeafEnvelope[], newFrom: number): StandsOut {
  return {
    emergencies: leaves.filter(({ event }) => event === 'record.break-glass').map(({ seq }) => seq),
    newFrom,
    solePractitioner: leaves.some(
      ({ event, data }) => event === 'user.created' && data['role'] === 'sole-practitioner',
    ),
  };
}
