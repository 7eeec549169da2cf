import { z } from 'zod';
import { structureIdSchema, type StructureId } from './structures.ts';

export const taskIdSchema = z.enum([
  'visit-summary',
  'soap-note',
  'patient-instructions',
  ...structureIdSchema.options,
  'free-question',
]);
export type TaskId = z.infer<typeof taskIdSchema>;

type Task = {
  readonly label: string;
  readonly hint: string;
  readonly needsQuestion: boolean;
  /** The answer is a table of this form; null: it is text. */
  readonly structure: StructureId | null;
};
const text = { needsQuestion: false, structure: null } as const;

/** What the clinician sees. The instructions for the model live in the vault (`electron/vault/turns/templates.ts`). */
export const tasks: Record<TaskId, Task> = {
  'visit-summary': { label: 'Visit summary', hint: 'A short account of the visit', ...text },
  'soap-note': { label: 'SOAP note', hint: 'Subjective, objective, assessment, plan', ...text },
  'patient-instructions': { label: 'Patient instructions', hint: 'In plain words, for the patient', ...text },
  'problem-list': {
    label: 'Problem list',
    hint: 'A table of what the patient has',
    needsQuestion: false,
    structure: 'problem-list',
  },
  'medication-list': {
    label: 'Medication list',
    hint: 'A table of what the patient takes',
    needsQuestion: false,
    structure: 'medication-list',
  },
  'order-list': {
    label: 'Orders',
    hint: 'A table of what is to be done',
    needsQuestion: false,
    structure: 'order-list',
  },
  'icd10-candidates': {
    label: 'ICD-10 candidates',
    hint: 'Codes to check, never to bill from',
    needsQuestion: false,
    structure: 'icd10-candidates',
  },
  'free-question': {
    label: 'Free question',
    hint: 'Ask about the source in your own words',
    needsQuestion: true,
    structure: null,
  },
};
