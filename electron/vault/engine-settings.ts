import { threadChoiceSchema, type ThreadChoice } from '../links/model-port.ts';
import { openModelNotes } from './model-notes.ts';

/** What was measured on this machine, for each model. */
export type EngineSettings = {
  /** @param model SHA-256 of its file */
  read(model: string): ThreadChoice | null;
  write(model: string, choice: ThreadChoice): void;
};

export function openEngineSettings(dataFolder: string): EngineSettings {
  // Losing it costs a new measurement at the next start, so a refusing disk is no reason to stop.
  return openModelNotes(dataFolder, 'engine-threads.json', threadChoiceSchema);
}
