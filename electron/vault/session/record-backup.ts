import type { BackupSummary } from '../../shared/log-data.ts';
import type { Result } from '../../shared/result.ts';
import { rootOf } from '../log/merkle.ts';
import type { BackgroundTasks } from '../worker/background-tasks.ts';
import type { OpenSession } from './open-session.ts';
import { recordThen } from './record-event.ts';

/**
 * A copy of the record in a new folder of this path. The leaf comes first, so that the copy holds the record of its own
 * making.
 */
export function recordBackup(
  open: OpenSession,
  tasks: Pick<BackgroundTasks, 'backUp'>,
  path: string,
  madeAt: string,
): Promise<Result<BackupSummary>> {
  const { reader, log } = open;
  const treeSize = reader.size();
  const root = rootOf(treeSize, (level, position) => reader.readNode(level, position));
  const data = { treeSize, root: Buffer.from(root).toString('hex') };
  return recordThen(open, { type: 'backup.made', data }, () => {
    log.keepCheckpoint(log.size());
    return tasks.backUp(open, path, madeAt);
  });
}
