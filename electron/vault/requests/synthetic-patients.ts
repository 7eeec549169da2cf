import { appError } from '../../shared/app-error.ts';
import { syntheticPatientPrefix, type Flavour } from '../../shared/flavour.ts';
import { err, type Result } from '../../shared/result.ts';
import { normaliseReference } from '../turns/patients.ts';

/** A development build is not for patients' data: it takes made-up patients only. */
export function refusePatient(flavour: Flavour, reference: string): Result<never> | null {
  if (flavour === 'release' || normaliseReference(reference).startsWith(syntheticPatientPrefix)) return null;
  return err(
    appError(
      'synthetic-patients-only',
      `This is a development build and takes made-up patients only. Nothing was recorded. Begin the patient reference with ${syntheticPatientPrefix}`,
    ),
  );
}
