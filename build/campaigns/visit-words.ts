import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelCache } from '../setup/cache-folder.mjs';
import { modelEntry } from '../setup/model.mjs';
import { readCsv } from './read-csv.ts';

export type Visit = { readonly id: string; readonly dialogue: string; readonly note: string };

/** What both commands about visits are told. ACI-BENCH's files have these columns; they are read where they lie and never copied. */
export function readVisitWords(): {
  readonly visits: readonly Visit[];
  readonly model: string;
  readonly contextTokens: number;
} {
  const { values } = parseArgs({
    options: {
      /** Or CLOISTER_VISITS. */
      csv: { type: 'string' },
      model: { type: 'string', default: join(modelCache(), modelEntry().file) },
      context: { type: 'string', default: '8192' },
      /** How many visits, from the first on. */
      limit: { type: 'string', default: '1000' },
    },
  });
  const csv = values.csv ?? process.env['CLOISTER_VISITS'];
  if (csv === undefined || !existsSync(csv))
    throw new Error(
      'Which visits? Say --csv FILE, or set CLOISTER_VISITS: a CSV with encounter_id, dialogue, note.',
    );
  const visits = readCsv(readFileSync(csv, 'utf8')).map((row): Visit => {
    const { encounter_id: id, dialogue, note } = row;
    if (id === undefined || dialogue === undefined || note === undefined)
      throw new Error('The CSV has no columns encounter_id, dialogue and note.');
    return { id, dialogue, note };
  });
  const contextTokens = Number(values.context);
  return { visits: visits.slice(0, Number(values.limit)), model: values.model, contextTokens };
}
