import { z } from 'zod';

/** Answers that are tables: the model is held to the form by a grammar, and the page shows the rows. */
export const structureIdSchema = z.enum([
  'problem-list',
  'medication-list',
  'order-list',
  'icd10-candidates',
]);
export type StructureId = z.infer<typeof structureIdSchema>;

/** A column: a free text, or one of a few words. */
type Column = { readonly name: string; readonly label: string; readonly oneOf?: readonly string[] };

export type Structure = { readonly columns: readonly Column[] };

/** What an answer is made of: `{"rows": [{<column>: <text>, ...}, ...]}`, with each column in each row. */
export const structures: Record<StructureId, Structure> = {
  'problem-list': {
    columns: [
      { name: 'problem', label: 'Problem' },
      { name: 'status', label: 'Status', oneOf: ['active', 'resolved', 'unclear'] },
      { name: 'evidence', label: 'In the source' },
    ],
  },
  'medication-list': {
    columns: [
      { name: 'medication', label: 'Medication' },
      { name: 'dose', label: 'Dose' },
      { name: 'frequency', label: 'How often' },
      { name: 'status', label: 'Status', oneOf: ['continued', 'new', 'changed', 'stopped', 'unclear'] },
    ],
  },
  'order-list': {
    columns: [
      { name: 'order', label: 'Order' },
      { name: 'reason', label: 'Reason' },
      { name: 'when', label: 'When' },
    ],
  },
  'icd10-candidates': {
    columns: [
      { name: 'code', label: 'Code' },
      { name: 'description', label: 'Description' },
      { name: 'evidence', label: 'In the source' },
    ],
  },
};
