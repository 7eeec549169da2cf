import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadChoiceSchema, type ThreadChoice } from '../links/model-port.ts';

/** The thread count measured for this machine and model. Holds no clinical text, so it is readable before anyone signs in. */
export type EngineSettings = { read(): ThreadChoice | null; write(choice: ThreadChoice): void };

export function openEngineSettings(dataFolder: string): EngineSettings {
  const path = join(dataFolder, 'engine-threads.json');
  return {
    read() {
      try {
        return threadChoiceSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        return null;
      }
    },
    /** Losing it costs a new measurement at the next start, so a refusing disk is no reason to stop. */
    write(choice) {
      try {
        writeFileSync(`${path}.new`, JSON.stringify(choice), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      } catch {
        return;
      }
    },
  };
}
