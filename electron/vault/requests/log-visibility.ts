import { appError, type AppError } from '../../shared/app-error.ts';
import { entrySchema, patientIdSchema, userIdSchema, type PatientId, type UserId } from '../../shared/ids.ts';
import type { LogRow } from '../../shared/log-data.ts';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { ListedRow, Scope } from '../log/log-query.ts';
import type { OpenSession } from '../session/open-session.ts';
import { findPatient } from '../turns/patients.ts';

/**
 * Who sees what of the record. A clinician examines the own records, the team's where the policy says so, and another's
 * in an emergency; an auditor examines all leaves, and texts where the policy says so; IT examines all leaves but reads no
 * clinical text and is told no patients.
 */
export type LogVisibility = {
  /** Whether this person gets no clinical text, neither on the screen nor in a bundle. */
  withholdsText(): boolean;
  seesPatients(): boolean;
  /** @param patient the list of this one patient is asked for; null: of all */
  listScope(patient: PatientId | null): Scope;
  searchScope(): Scope;
  maySee(row: ListedRow): boolean;
  /** @returns null for a patient that nobody has recorded anything about, `any` where none is asked for */
  patientOf(reference: string | null): Result<PatientId | null | 'any'>;
  /** The records about this patient are open to this person, until the session ends. */
  breakGlass(patient: PatientId): void;
  toRow(row: ListedRow): LogRow;
};

export type VisibilityDeps = {
  readonly session: () => OpenSession;
  /** Display name of a user id, from the keyring. */
  readonly nameOf: (userId: UserId) => string | null;
  readonly recordVisibility: () => 'own' | 'team';
  readonly auditorReadsText: () => boolean;
};

export function createLogVisibility(deps: VisibilityDeps): LogVisibility {
  const { session } = deps;
  const broken = new Set<PatientId>();
  const isClinician = (): boolean => session().actor.role === 'clinician';
  const seesPatients = (): boolean => session().actor.role !== 'it-admin';

  function scope(patients: readonly PatientId[]): Scope {
    if (!isClinician()) return { kind: 'all' };
    // A clinician sees what clinicians did with patients, never IT's and the system's doings.
    if (deps.recordVisibility() === 'team') return { kind: 'about-patients' };
    return { kind: 'own', actor: session().actor.userId, patients };
  }

  const nameOf = (id: string | null): string | null => {
    const actor = userIdSchema.safeParse(id);
    return actor.success ? deps.nameOf(actor.data) : null;
  };

  return {
    withholdsText() {
      const { role } = session().actor;
      return role === 'it-admin' || (role === 'auditor' && !deps.auditorReadsText());
    },
    seesPatients,
    listScope: (patient) => scope(patient !== null && broken.has(patient) ? [patient] : []),
    searchScope: () => scope([...broken]),
    maySee({ actor, patient }) {
      if (!isClinician() || actor === session().actor.userId) return true;
      if (patient === null) return false;
      return deps.recordVisibility() === 'team' || broken.has(patientIdSchema.parse(patient));
    },
    patientOf(reference) {
      if (reference === null) return ok('any');
      return seesPatients() ? ok(findPatient(session().database, reference)) : err(noPatientsForIt);
    },
    breakGlass: (patient) => {
      broken.add(patient);
    },
    toRow(row) {
      const actorId = row.actor === null ? null : userIdSchema.parse(row.actor);
      const review = session().digest.reviewOf(row.seq);
      return {
        entry: entrySchema.parse(row.seq),
        type: logEventTypeSchema.parse(row.type),
        at: row.at,
        actorId,
        actorName: nameOf(row.actor),
        patientReference: seesPatients() ? row.patientReference : null,
        outcome: row.outcome,
        model: row.model,
        review: review === null ? null : { name: nameOf(review.actor) ?? '', at: review.at },
      };
    },
  };
}

export const noPatientsForIt: AppError = appError(
  'not-allowed',
  'IT is not told which patients there are. Nothing was looked up.',
);
