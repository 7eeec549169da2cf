import { randomUUID } from 'node:crypto';
import { patientIdSchema, userIdSchema, type PatientId, type UserId } from '../../shared/ids.ts';
import { createBundleFixture, type BundleFixture } from './bundle-fixture.ts';

/** A record about two patients by two clinicians, for tests; all of it is made up. */
export type ExtractFixture = BundleFixture & {
  readonly ada: PatientId;
  readonly bob: PatientId;
  readonly other: UserId;
  /** Appends one leaf a second later, with a text. @returns its index */
  about(patient: PatientId | null, text: string, by?: UserId): number;
};

/** Leaves: 0 log.created, 1 and 2 about nobody, 3 ada, 4 bob, 5 ada by the other, 6 nobody, 7 bob, 8 ada. */
export function createExtractFixture(): ExtractFixture {
  const fixture = createBundleFixture();
  const other = userIdSchema.parse(randomUUID());
  const [ada, bob] = ['ad', 'b0'].map((byte) => patientIdSchema.parse(byte.repeat(16)));
  if (ada === undefined || bob === undefined) throw new Error('two patients');
  function about(patient: PatientId | null, text: string, by: UserId = fixture.actor.id): number {
    fixture.clock.set(fixture.clock.nowMs() + 1000);
    return fixture.log.append({
      actor: { id: by, role: 'clinician' },
      session: fixture.session,
      patient,
      type: 'clipboard.copied',
      outcome: 'success',
      data: { turn: null, characters: text.length },
      texts: { copied: text },
    }).seq;
  }
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  about(ada, 'made-up text of ada one');
  about(bob, 'made-up text of bob one');
  about(ada, 'made-up text of ada two', other);
  about(null, 'made-up text of none');
  about(bob, 'made-up text of bob two');
  about(ada, 'made-up text of ada three');
  return { ...fixture, ada, bob, other, about };
}
