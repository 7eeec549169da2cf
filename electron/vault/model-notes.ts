import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from './keys/durable-file.ts';

/** What was found out on this machine about each model, in one file. Holds no clinical text, so it is readable before anyone signs in. */
export type ModelNotes<T> = {
  /** @param model SHA-256 of its file. @returns null where nothing is noted, and where the file is none */
  read(model: string): T | null;
  /** @returns whether it is on the disk */
  write(model: string, note: T): boolean;
};

export function openModelNotes<T>(
  dataFolder: string,
  fileName: string,
  noteSchema: z.ZodType<T>,
): ModelNotes<T> {
  const fileSchema = z.record(z.string().regex(/^[0-9a-f]{64}$/), noteSchema);

  function readAll(): Readonly<Record<string, T>> {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')));
    } catch {
      return {};
    }
  }
  return {
    read: (model) => readAll()[model] ?? null,
    write(model, note) {
      try {
        replaceFile(dataFolder, fileName, Buffer.from(JSON.stringify({ ...readAll(), [model]: note })));
        return true;
      } catch {
        return false;
      }
    },
  };
}
