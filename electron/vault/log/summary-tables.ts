import { eventNames } from '../../shared/event-names.ts';
import { html, type Html } from './html.ts';
import type { Summary } from './summary.ts';

export const number = (value: number): string => value.toLocaleString('en');

type Row = { readonly key: string; readonly entries: number; readonly attention: number };

/** Where there are more days, months are told, and the newest days. */
const shownDays = 62;
const newestDays = 31;

const meaning = html`<p class="quiet">
  “To look at” counts entries that were refused, failed, or marked for attention.
</p>`;

export function byDay({ days }: Summary): Html {
  if (days.length <= shownDays)
    return html`<h2>By day</h2>
      ${meaning} ${barsOf('Day (UTC)', days)}`;
  const months = new Map<string, Row>();
  for (const { key, entries, attention } of days) {
    const month = months.get(key.slice(0, 7)) ?? { key: key.slice(0, 7), entries: 0, attention: 0 };
    months.set(month.key, {
      ...month,
      entries: month.entries + entries,
      attention: month.attention + attention,
    });
  }
  return html`<h2>By month</h2>
    ${meaning} ${barsOf('Month (UTC)', [...months.values()])}
    <h2>The newest ${newestDays} days with entries</h2>
    ${barsOf('Day (UTC)', days.slice(-newestDays))}`;
}

export function byType({ types }: Summary): Html {
  return html`<h2>By kind of event</h2>
    ${barsOf(
      'Event',
      types.map((row) => ({ ...row, key: eventNames[row.key] })),
    )}`;
}

function barsOf(name: string, rows: readonly Row[]): Html {
  const most = Math.max(1, ...rows.map(({ entries }) => entries));
  return html`<table class="counts">
    <thead>
      <tr>
        <th scope="col">${name}</th>
        <th class="number" scope="col">Entries</th>
        <th class="number" scope="col">To look at</th>
        <th class="bars" scope="col"></th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ key, entries, attention }) =>
          html`<tr>
            <td>${key}</td>
            <td class="number">${number(entries)}</td>
            <td class="number wants">${attention === 0 ? '' : number(attention)}</td>
            <td class="bars">
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect width="${Math.max(0.5, (100 * entries) / most).toFixed(1)}" height="8" />
              </svg>
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
