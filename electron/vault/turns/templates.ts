import type { TaskId } from '../../shared/tasks.ts';

/** The instructions that stand around the clinician's source. A changed text gets a new version: leaves name both. */
export type Template = { readonly id: TaskId; readonly version: number; readonly system: string };

const careful =
  'You write short clinical notes for a doctor. Use only facts from the text. ' +
  'If the text does not say something, leave it out. Never invent findings, doses or dates.';

const templates: Record<TaskId, { version: number; instruction: string }> = {
  'visit-summary': {
    version: 1,
    instruction:
      'Write a short summary of this visit in plain sentences: why the patient came, what the doctor found, ' +
      'what the doctor thinks it is, and what will be done. Do not repeat the conversation.',
  },
  'soap-note': {
    version: 1,
    instruction:
      'Summarise this visit in a SOAP note with four parts: Subjective (what the patient says), Objective (what the doctor ' +
      'finds), Assessment (what the doctor thinks), Plan (what will be done). Do not repeat the conversation.',
  },
  'patient-instructions': {
    version: 1,
    instruction:
      'Write instructions for the patient in plain words and short sentences: what was found, what to take, what to watch ' +
      'for, when to come back.',
  },
  'free-question': { version: 1, instruction: 'Answer the question from the text.' },
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
  const source =
    input.sourceText.trim() === ''
      ? ''
      : `This is the text of a visit to the doctor:\n\n${input.sourceText}\n\n`;
  const question = input.question.trim() === '' ? '' : `\n\nQuestion: ${input.question}`;
  return `${source}${instruction}${question}`;
}
