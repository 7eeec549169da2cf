import { ok } from '../shared/result.ts';
import { askApp, askExplanation, askOptions } from './ask-app.ts';
import type { Command } from './command.ts';

const period = 30;
const dayMs = 86_400_000;

export const logDigest: Command = {
  name: 'log digest',
  summary: `What IT must know at a glance, of the last ${period} days: entries, failed sign-ins, emergency access, reviews.`,
  explanation: ['Names no patient and holds no clinical text.', ...askExplanation],
  values: [],
  options: askOptions,
  async run(given, deps) {
    const span = { from: localDay(Date.now() - (period - 1) * dayMs), to: localDay(Date.now()) };
    const asked = await askApp('log.digest', span, given, deps);
    if (!asked.ok) return asked;
    const digest = asked.value;
    return ok({
      passed: true,
      lines: [
        `entries              ${digest.entries}`,
        `drafts requested     ${digest.requests}`,
        `failed sign-ins      ${digest.failedSignIns}`,
        `emergency access     ${digest.breakGlass}`,
        `wanting attention    ${digest.attention}`,
        `days not reviewed    ${digest.unreviewedDays}`,
        `last one that left   ${digest.lastDeparture?.at ?? 'never'}`,
      ],
      json: { ...span, ...digest },
    });
  },
};

/** YYYY-MM-DD, as the clock on the wall shows it. */
function localDay(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
