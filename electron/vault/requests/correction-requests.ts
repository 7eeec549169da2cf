import { appError } from '../../shared/app-error.ts';
import type { Flavour } from '../../shared/flavour.ts';
import { entrySchema, patientIdSchema, type PatientId } from '../../shared/ids.ts';
import type { LogRecord } from '../../shared/log-data.ts';
import { err, ok } from '../../shared/result.ts';
import { leafDataSchemas } from '../log/leaf.ts';
import { parseLeaf } from '../log/leaves-of.ts';
import type { ListedRow } from '../log/log-query.ts';
import type { OpenSession } from '../session/open-session.ts';
import { patientIdFor } from '../turns/patients.ts';
import type { LogVisibility } from './log-visibility.ts';
import type { Handlers } from './request-table.ts';
import { refusePatient } from './synthetic-patients.ts';

type Deps = {
  readonly session: () => OpenSession;
  readonly visibility: LogVisibility;
  readonly flavour: Flavour;
};

/** Mistakes are never mended in place: an entry that is wrong gets another one that says so. */
export function correctionHandlers({ session, visibility, flavour }: Deps): Pick<Handlers, 'record.correct'> {
  return {
    'record.correct': ({ entry, patientReference, correction }) => {
      const { query, database, log, actor } = session();
      const row = query.row(entry);
      if (row === null || !visibility.maySee(row)) return err(notFound);
      if (row.patient === null) return err(aboutNobody);
      const refused = patientReference === null ? null : refusePatient(flavour, patientReference);
      if (refused !== null) return refused;
      const filed = patientIdSchema.parse(row.patient);
      const patient: PatientId = patientReference === null ? filed : patientIdFor(database, patientReference);
      if (patientReference !== null && patient === filed) return err(samePatient);
      const receipt = log.append({
        type: 'record.corrected',
        actor: { id: actor.userId, role: actor.role },
        session: actor.sessionId,
        patient,
        outcome: 'attention',
        data: { entry, kind: patientReference === null ? 'statement' : 'patient' },
        texts: { correction },
      });
      return ok({ entry: receipt.seq });
    },
  };
}

export type CorrectionLinks = Pick<LogRecord, 'corrects' | 'correctedBy' | 'correctable'>;

/** How an entry and its corrections point to each other. */
export function correctionsOf({ query, reader, actor }: OpenSession, row: ListedRow): CorrectionLinks {
  const bytes = row.type === 'record.corrected' ? reader.leaf(row.seq) : null;
  const data = bytes === null ? null : parseLeaf(bytes)?.data;
  const corrected = leafDataSchemas['record.corrected'].safeParse(data);
  return {
    corrects: corrected.success ? corrected.data.entry : null,
    correctedBy: query.correctionsOf(row.seq).map((seq) => entrySchema.parse(seq)),
    correctable: row.patient !== null && (actor.role === 'clinician' || actor.role === 'sole-practitioner'),
  };
}

const notFound = appError('record-not-found', 'There is no such entry in the record that you may open.');
const aboutNobody = appError(
  'invalid-input',
  'This entry is about no patient, so there is nothing to correct. Nothing was recorded.',
);
const samePatient = appError(
  'invalid-input',
  'The entry is filed under this patient already. Nothing was recorded. Check the reference.',
);
