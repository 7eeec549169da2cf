import { hash } from 'node:crypto';
import type { LogReader } from '../../electron/vault/log/log-reader.ts';
import { verifyLog } from '../../electron/vault/log/verify-log.ts';
import { keptRecord, openReader } from './record.ts';
import { timed, type Row } from './row.ts';

export const verifyRow: Row = {
  id: 'log.verify.ratio',
  what: 'ms to check the record: signature, tree, one canonical form and schema of each leaf, order, texts against their commitments',
  unit: 'ratio',
  baseline:
    'ms of a bare loop that reads the same leaves and texts, parses each leaf as JSON and hashes each line twice',
  goal: 1.5,
  better: 'lower',
  pairs: 7,
  budgetMs: 60_000,
  async open(entries) {
    const record = await keptRecord(entries);
    const { reader, close } = openReader(record);
    return {
      ours: async () =>
        timed(() => {
          const { problem } = verifyLog(reader, record, () => undefined);
          if (problem !== null) throw new Error(`the record of the bench is not consistent: ${problem}`);
        }),
      peer: async () =>
        timed(() => {
          bareLoop(reader);
        }),
      close: async () => {
        close();
      },
    };
  },
};

function bareLoop(reader: LogReader): void {
  const size = reader.size();
  for (const { bytes } of reader.leaves(size)) {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    hash('sha256', bytes);
    hash('sha256', bytes);
  }
  for (const { text } of reader.payloads(size)) {
    hash('sha256', text);
    hash('sha256', text);
  }
}
