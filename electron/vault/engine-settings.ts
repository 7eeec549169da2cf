import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { join } from 'node:path';
import { threadChoiceSchema, type ThreadChoice } from '../links/model-port.ts';
import { replaceFile } from './keys/durable-file.ts';

/** What was measured on this machine, for each model. Holds no clinical text, so it is readable before anyone signs in. */
export type EngineSettings = {
  /** @param model SHA-256 of its file */
  read(model: string): ThreadChoice | null;
  write(model: string, choice: ThreadChoice): void;
};

const fileName = 'engine-threads.json';
const settingsSchema = z.record(z.string().regex(/^[0-9a-f]{64}$/), threadChoiceSchema);

export function openEngineSettings(dataFolder: string): EngineSettings {
  function readAll(): z.infer<typeof settingsSchema> {
    try {
      return settingsSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')));
    } catch {
      return {};
    }
  }
  return {
    read: (model) => readAll()[model] ?? null,
    /** Losing it costs a new measurement at the next start, so a refusing disk is no reason to stop. */
    write(model, choice) {
      try {
        replaceFile(dataFolder, fileName, Buffer.from(JSON.stringify({ ...readAll(), [model]: choice })));
      } catch {
        return;
      }
    },
  };
}
