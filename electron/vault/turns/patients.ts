import { randomBytes } from 'node:crypto';
import { patientIdSchema, type PatientId } from '../../shared/ids.ts';
import type { WritableDatabase } from '../database/open-database.ts';

/** Two ways of typing one record number are one patient: case, inner spaces and Unicode form do not count. */
export function normaliseReference(reference: string): string {
  return reference.normalize('NFKC').replace(/\s+/g, ' ').trim().toUpperCase();
}

/** @returns the patient's random 128-bit id, made at the first mention of the reference. */
export function patientIdFor(database: WritableDatabase, reference: string): PatientId {
  const normalised = normaliseReference(reference);
  const known = database
    .prepare<[string], { id: string }>('SELECT patient_id AS id FROM patients WHERE reference = ?')
    .get(normalised);
  if (known !== undefined) return patientIdSchema.parse(known.id);
  const id = patientIdSchema.parse(randomBytes(16).toString('hex'));
  database
    .prepare<[string, string], never>('INSERT INTO patients (patient_id, reference) VALUES (?, ?)')
    .run(id, normalised);
  return id;
}
