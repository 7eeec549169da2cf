import { z } from 'zod';

export const taskIdSchema = z.enum(['visit-summary', 'soap-note', 'patient-instructions', 'free-question']);
export type TaskId = z.infer<typeof taskIdSchema>;

/** What the clinician sees. The instructions for the model live in the vault (`electron/vault/turns/templates.ts`). */
export const tasks: Record<
  TaskId,
  { readonly label: string; readonly hint: string; readonly needsQuestion: boolean }
> = {
  'visit-summary': { label: 'Visit summary', hint: 'A short account of the visit', needsQuestion: false },
  'soap-note': { label: 'SOAP note', hint: 'Subjective, objective, assessment, plan', needsQuestion: false },
  'patient-instructions': {
    label: 'Patient instructions',
    hint: 'In plain words, for the patient',
    needsQuestion: false,
  },
  'free-question': {
    label: 'Free question',
    hint: 'Ask about the source in your own words',
    needsQuestion: true,
  },
};
