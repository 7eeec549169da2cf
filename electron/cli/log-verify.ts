import { ok } from '../shared/result.ts';
import { askApp, askExplanation, askOptions } from './ask-app.ts';
import type { Command } from './command.ts';

export const logVerify: Command = {
  name: 'log verify',
  summary: 'Checks the whole record of the running app: every entry, every text, the tree and its signature.',
  explanation: askExplanation,
  values: [],
  options: askOptions,
  async run(given, deps) {
    const asked = await askApp('log.verify', {}, given, deps);
    if (!asked.ok) return asked;
    const { consistent, treeSize, rootHash, firstBadEntry, problem } = asked.value;
    return ok({
      passed: consistent,
      lines: consistent
        ? [`The record is whole: ${treeSize} entries, root ${rootHash}.`]
        : [
            ...(problem === null ? [] : [`Finding: ${problem}.`]),
            `THE RECORD IS NOT WHOLE${firstBadEntry === null ? '' : `: the first bad entry is ${firstBadEntry}`}. Nothing was changed. Keep this computer as it is and compare it with the newest audit bundle.`,
          ],
      json: asked.value,
    });
  },
};
