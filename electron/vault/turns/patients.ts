import { randomBytes } from 'node:crypto';
import { patientIdSchema, type PatientId } from '../../shared/ids.ts';
import type { WritableDatabase } from '../database/open-database.ts';

/** Two ways of typing one record number are one patient: case, inner spaces and Unicode form do not count. */
export function normaliseReference(reference: string): string {
  return reference.normalize('NFKC').replace(/\s+/g, ' ').trim().toUpperCase();
}

/** @returns null for a patient that nobody has recorded anything about */
export function findPatient(database: WritableDatabase, reference: string): PatientId | null {
  const known = database
    .prepare<[string], { id: string }>('SELECT patient_id AS id FROM patients WHERE reference = ?')
    .get(normaliseReference(reference));
  return known === undefined ? null : patientIdSchema.parse(known.id);
}

/** @returns the patient's random 128-bit id, made at the first mention of the reference. */
export function patientIdFor(database: WritableDatabase, reference: string): PatientId {
  const known = findPatient(database, reference);
  if (known !== null) return known;
  const id = patientIdSchema.parse(randomBytes(16).toString('hex'));
  database
    .prepare<[string, string], never>('INSERT INTO patients (patient_id, reference) VALUES (?, ?)')
    .run(id, normaliseReference(reference));
  return id;
}
