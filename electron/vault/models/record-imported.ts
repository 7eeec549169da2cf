import type { AppError } from '../../shared/app-error.ts';
import type { LeafOutcome } from '../../shared/log-data.ts';
import { databaseError } from '../database/database-error.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordEvent } from '../session/record-event.ts';

/** What became of a file that was to be a model. @returns why it could not be recorded: then nothing may come of it */
export function recordImported(
  session: OpenSession,
  file: {
    readonly sha256: string;
    readonly id: string | null;
    readonly sizeBytes: number;
    readonly source: 'file' | 'download';
  },
  outcome: LeafOutcome,
): AppError | null {
  const { sha256, id, sizeBytes, source } = file;
  try {
    recordEvent(session, {
      type: 'model.imported',
      outcome,
      data: { model: sha256, modelId: id, sizeBytes, source },
    });
    return null;
  } catch (cause) {
    const known = databaseError(cause);
    if (known === null) throw cause;
    return known;
  }
}
