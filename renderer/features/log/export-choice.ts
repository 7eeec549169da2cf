import type { RequestInput } from '../../../electron/shared/contract.ts';
import { entrySchema, userIdSchema } from '../../../electron/shared/ids.ts';

type Selection = NonNullable<RequestInput<'log.export'>['selection']>;

/** What is typed and chosen in the dialog, of all ways to select at once: going back and forth loses nothing. */
export type ExportChoice = {
  readonly by: Selection['by'];
  /** Days, YYYY-MM-DD. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly firstEntry: string;
  readonly lastEntry: string;
  readonly patientReference: string;
  readonly userId: string;
  readonly clinicalText: 'withheld' | 'included';
  /** One a line. */
  readonly recipients: string;
};

export const firstChoice: ExportChoice = {
  by: 'everything',
  fromDay: '',
  toDay: '',
  firstEntry: '',
  lastEntry: '',
  patientReference: '',
  userId: '',
  clinicalText: 'withheld',
  recipients: '',
};

/** @returns null where something is still to be typed */
export function selectionOf(choice: ExportChoice): Selection | null {
  switch (choice.by) {
    case 'everything':
      return { by: 'everything' };
    case 'days': {
      const [from, to] = [choice.fromDay, choice.toDay];
      return isDay(from) && isDay(to) && from <= to ? { by: 'days', from, to } : null;
    }
    case 'entries': {
      const [from, to] = [entryOf(choice.firstEntry), entryOf(choice.lastEntry)];
      return from !== null && to !== null && from <= to ? { by: 'entries', from, to } : null;
    }
    case 'patient': {
      const patientReference = choice.patientReference.trim();
      return patientReference === '' ? null : { by: 'patient', patientReference };
    }
    case 'user': {
      const userId = userIdSchema.safeParse(choice.userId);
      return userId.success ? { by: 'user', userId: userId.data } : null;
    }
  }
}

export function recipientsOf({ recipients }: ExportChoice): string[] {
  return recipients.split(/\s+/).filter((line) => line !== '');
}

/** The vault takes `.age` for an encrypted file only. */
export function suggestedName(choice: ExportChoice, now: Date): string {
  const kind = choice.by === 'everything' ? 'audit' : 'extract';
  const encrypted = recipientsOf(choice).length > 0 ? '.age' : '';
  return `cloister-${kind}_${now.toISOString().slice(0, 10)}.zip${encrypted}`;
}

/** A date that is still being typed is none yet. */
function isDay(text: string): boolean {
  return /^[12]\d{3}-\d\d-\d\d$/.test(text);
}

function entryOf(text: string) {
  const entry = entrySchema.safeParse(/^\d{1,15}$/.test(text.trim()) ? Number(text) : null);
  return entry.success ? entry.data : null;
}
