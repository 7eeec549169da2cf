import { ok } from '../shared/result.ts';
import { askApp, askExplanation, askOptions } from './ask-app.ts';
import type { Command } from './command.ts';

export const logAnchor: Command = {
  name: 'log anchor',
  summary:
    "Compares the record with the checkpoints in the policy's folder, and leaves the newest one there.",
  explanation: [
    'The app does so at each sign-in and every hour; this does it now, before a drive is taken away for example.',
    ...askExplanation,
  ],
  values: [],
  options: askOptions,
  async run(given, deps) {
    const asked = await askApp('log.anchor', {}, given, deps);
    if (!asked.ok) return asked;
    const { outcome, matching, foreign, size, suspicion } = asked.value;
    const sentences = {
      written: `The record continues ${matching} checkpoints that left this computer; that of ${size ?? 0} entries was written beside them.`,
      'not-written': 'The record was compared, but the newest checkpoint could not be written to the folder.',
      unreachable: 'The folder for checkpoints cannot be reached. Nothing was compared or written.',
      unchecked: 'The record could not be compared with the checkpoints. Nothing was written.',
      suspect: `THE RECORD DOES NOT FIT A CHECKPOINT of ${suspicion?.anchorSize ?? 0} entries that left this computer: it was ${suspicion?.kind === 'rollback' ? 'set back' : 'written anew'}. Nothing was written. Keep this computer as it is.`,
    };
    return ok({
      passed: outcome === 'written' && foreign === 0,
      lines: [
        sentences[outcome],
        ...(foreign === 0
          ? []
          : [`${foreign} files there are in the name of this record, but no key of it has signed them.`]),
      ],
      json: asked.value,
    });
  },
};
