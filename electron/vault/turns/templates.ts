import type { TaskId } from '../../shared/tasks.ts';

/** The instructions that stand around the clinician's source. A changed text gets a new version: leaves name both. */
export type Template = { readonly id: TaskId; readonly version: number; readonly system: string };

const careful =
  'You are a clinical documentation assistant. Use only facts that stand in the source. ' +
  'If the source does not say something, leave it out or write "not stated". Never invent findings, doses or dates.';

const templates: Record<TaskId, { version: number; instruction: string }> = {
  'visit-summary': {
    version: 1,
    instruction:
      'Write a short summary of this visit in plain prose: reason, findings, assessment, plan. Do not repeat the conversation.',
  },
  'soap-note': {
    version: 1,
    instruction:
      'Write a SOAP note from this source. Use exactly four headings, each on its own line: Subjective, Objective, Assessment, Plan. ' +
      'Write short sentences. Do not repeat the conversation.',
  },
  'patient-instructions': {
    version: 1,
    instruction:
      'Write instructions for the patient in plain words and short sentences: what was found, what to take, what to watch for, when to come back.',
  },
  'free-question': { version: 1, instruction: 'Answer the question from the source.' },
};

export function templateFor(task: TaskId): Template {
  return { id: task, version: templates[task].version, system: careful };
}

/**
 * The exact text whose commitment stands in the intent leaf and which the model receives. Nothing is shortened. The
 * instruction stands behind the source: small models follow what they read last.
 */
export function userText(input: {
  readonly taskId: TaskId;
  readonly sourceText: string;
  readonly question: string;
}): string {
  const { instruction } = templates[input.taskId];
  const source = input.sourceText.trim() === '' ? '' : `Source:\n"""\n${input.sourceText}\n"""\n\n`;
  const question = input.question.trim() === '' ? '' : `\n\nQuestion: ${input.question}`;
  return `${source}${instruction}${question}`;
}
