import { accessSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { entrySchema } from '../../shared/ids.ts';
import type { LogReader } from '../log/log-reader.ts';
import { exportBundle } from '../worker/export-bundle.ts';
import type { SpoolOutcome, WorkerTask } from '../worker/worker-contract.ts';
import { spoolName, unfinishedSpoolName } from './spool-names.ts';
import { writeSyslog } from './write-syslog.ts';

/**
 * Entries for IT's agents: as syslog lines and, for those who can open it, as an extract of the range with the text withheld. In
 * a worker thread, since a share may take its time.
 */
export async function spool(
  task: Extract<WorkerTask, { kind: 'spool' }>,
  reader: LogReader,
): Promise<SpoolOutcome> {
  const { folder, origin, from, to, recipients } = task;
  try {
    accessSync(folder);
  } catch {
    return 'unreachable';
  }
  try {
    if (recipients.length > 0) {
      const unfinishedPath = join(folder, unfinishedSpoolName(origin, 'zip.age'));
      // Of a run that was killed.
      rmSync(unfinishedPath, { force: true });
      const done = await exportBundle(
        {
          ...task,
          kind: 'export',
          path: join(folder, spoolName(origin, from, to, 'zip.age')),
          unfinishedPath,
          size: to,
          clinicalText: 'withheld',
          selection: { by: 'entries', from: entrySchema.parse(from), to: entrySchema.parse(to - 1) },
          cancelled: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
        },
        reader,
        [],
        () => undefined,
      );
      if (done.kind !== 'exported') return 'not-written';
    }
    writeSyslog(reader, { folder, origin, from, to });
    return 'written';
  } catch {
    return 'not-written';
  }
}
