import type { ReadableDatabase } from '../database/open-database.ts';
import { earlierRecords, openEarlierReader } from './earlier-records.ts';
import { parseLeaf } from './leaves-of.ts';
import { continuationData, isContinuationOf, type ClosedRecord } from './log-continuation.ts';
import type { LogReader } from './log-reader.ts';
import { verifyLog, type Expected, type LogCheck } from './verify-log.ts';

/**
 * The record in use and every record that it continues, each from its leaves, and that each first entry names exactly the
 * record before. What is wrong in an earlier one is told in words: `firstBadEntry` counts entries of the record in use.
 * @param reader of the record in use, in one snapshot, on this database
 * @param onProgress fraction from 0 to 1
 */
export function verifyRecord(
  database: ReadableDatabase,
  reader: LogReader,
  expected: Expected,
  onProgress: (fraction: number) => void,
): LogCheck {
  let before: ClosedRecord | null = null;
  let payloadsChecked = 0;
  const { total, parts } = partsOf(database, reader, expected);
  let done = 0;
  for (const part of parts) {
    const weight = part.reader.size() / total;
    const progress = (fraction: number): void => {
      onProgress(done + fraction * weight);
    };
    const check = verifyLog(part.reader, part.expected, progress);
    done += weight;
    payloadsChecked += check.payloadsChecked;
    const problem = check.problem ?? linkProblem(part.reader, before);
    const isInUse = part.reader === reader;
    if (problem !== null || isInUse) {
      const entry = check.problem === null && problem !== null ? 0 : check.firstBadEntry;
      return {
        ...check,
        payloadsChecked,
        consistent: problem === null,
        firstBadEntry: isInUse ? entry : null,
        problem: problem === null || isInUse ? problem : inEarlier(part.expected.origin, entry, problem),
      };
    }
    before = { ...part.expected, size: check.treeSize, rootHash: check.rootHash };
  }
  throw new Error('the record in use is the last of them');
}

function partsOf(database: ReadableDatabase, reader: LogReader, expected: Expected) {
  const parts: { readonly reader: LogReader; readonly expected: Expected }[] = earlierRecords(database).map(
    (record) => ({ reader: openEarlierReader(database, record), expected: record }),
  );
  parts.push({ reader, expected });
  return { parts, total: parts.reduce((sum, part) => sum + part.reader.size(), 0) };
}

function linkProblem(reader: LogReader, before: ClosedRecord | null): string | null {
  const first = parseLeaf(reader.leaf(0) ?? new Uint8Array());
  const continuation = first?.event === 'log.continued' ? continuationData(first.data) : null;
  if (before === null)
    return continuation === null ? null : 'the record that the first entry continues is missing';
  return continuation !== null && isContinuationOf(continuation, before)
    ? null
    : 'the first entry does not continue the record before';
}

function inEarlier(origin: string, entry: number | null, problem: string): string {
  return `in the earlier record ${origin}${entry === null ? '' : `, entry ${entry}`}: ${problem}`;
}
