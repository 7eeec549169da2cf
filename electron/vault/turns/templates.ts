import type { TaskId } from '../../shared/tasks.ts';

/** The instructions that stand around the clinician's source. A changed text gets a new version: leaves name both. */
export type Template = { readonly id: string; readonly version: number; readonly system: string };

/** A request as the model receives it. */
export type RequestText = {
  /** The exact text whose commitment stands in the intent leaf. Nothing is shortened. */
  readonly text: string;
  /** Characters at its beginning with which every request about the same source begins. */
  readonly sharedCharacters: number;
};

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
  'problem-list': {
    version: 1,
    instruction:
      "List the patient's problems as JSON rows: problem, status (active, resolved or unclear), and evidence: the words of the text " +
      'that say so. One row for each problem. If the text names none, give no rows.',
  },
  'medication-list': {
    version: 1,
    instruction:
      "List the patient's medications as JSON rows: medication, dose, frequency, and status (continued, new, changed, stopped or unclear). " +
      'Write "not said" where the text does not say it. One row for each medication. If the text names none, give no rows.',
  },
  'order-list': {
    version: 1,
    instruction:
      'List what the doctor orders as JSON rows: order (test, referral, prescription or follow-up), reason, and when. Write "not said" where ' +
      'the text does not say it. If the text names no order, give no rows.',
  },
  'icd10-candidates': {
    version: 1,
    instruction:
      'List ICD-10-CM codes that a coder should check for this visit as JSON rows: code, description, and evidence: the words of the ' +
      'text that point to it. Only what the doctor found or thinks. If the text names no diagnosis, give no rows.',
  },
  'free-question': { version: 1, instruction: 'Answer the question from the text.' },
};

export function templateFor(task: TaskId): Template {
  return { id: task, version: templates[task].version, system: careful };
}

/** Of a further question about a draft: the question alone, since all before it is given too. */
export const followUpTemplate: Template = { id: 'follow-up', version: 1, system: careful };

/** Of a part of a source, and of the request that joins the notes on all of them. */
export const partTemplate: Template = { id: 'part-notes', version: 1, system: careful };
export function mergeTemplate(task: TaskId): Template {
  return { id: `${task}-from-parts`, version: 1, system: careful };
}
/** Joins notes to fewer notes, where those of all parts do not fit at once. */
export const notesMergeTemplate: Template = { id: 'notes-from-parts', version: 1, system: careful };

const beforeSource = 'This is the text of a visit to the doctor:\n\n';
const afterSource = '\n\n';

/** The beginning that all requests about a source share. */
export function beginningFor(sourceText: string): RequestText {
  const text = sourceText.trim() === '' ? '' : `${beforeSource}${sourceText}${afterSource}`;
  return { text, sharedCharacters: text.length };
}

/** Of a recorded request: what it has in common with all others about its source. @param sourceCharacters of the source in it */
export function sharedBeginningOf(prompt: string, sourceCharacters: number): number {
  const length = beforeSource.length + sourceCharacters + afterSource.length;
  return prompt.startsWith(beforeSource) && prompt.length >= length ? length : 0;
}

/** The instruction stands behind the source: small models follow what they read last, and the source is read once for all tasks. */
export function requestText(input: {
  readonly taskId: TaskId;
  readonly sourceText: string;
  readonly question: string;
}): RequestText {
  const { text, sharedCharacters } = beginningFor(input.sourceText);
  return { text: `${text}${instructionOf(input)}`, sharedCharacters };
}

export function partText(part: {
  readonly text: string;
  readonly step: number;
  readonly of: number;
}): string {
  return (
    `This is part ${part.step} of ${part.of} of the text of a visit to the doctor:\n\n${part.text}\n\n` +
    'Write down the facts of this part in short sentences: what the patient says, what the doctor finds, what the doctor thinks, ' +
    'what will be done. Keep numbers, doses and dates exactly. Do not repeat the conversation.'
  );
}

/** @param notes on the parts, in their order */
export function mergeText(
  notes: readonly string[],
  input: { readonly taskId: TaskId; readonly question: string } | 'notes',
): string {
  const listed = notes.map((note, index) => `Part ${index + 1}:\n${note}`).join('\n\n');
  const instruction =
    input === 'notes'
      ? 'Join these notes to one. Keep every fact, and numbers, doses and dates exactly. Say nothing twice.'
      : instructionOf(input);
  return `These are notes on the parts of one visit to the doctor, in their order:\n\n${listed}\n\n${instruction}`;
}

function instructionOf({ taskId, question }: { readonly taskId: TaskId; readonly question: string }): string {
  return `${templates[taskId].instruction}${question.trim() === '' ? '' : `${beforeQuestion}${question}`}`;
}

const beforeQuestion = '\n\nQuestion: ';

/** What was asked in own words; empty where a task alone was. */
export function questionIn(prompt: string): string {
  const at = prompt.lastIndexOf(beforeQuestion);
  return at === -1 ? '' : prompt.slice(at + beforeQuestion.length);
}
