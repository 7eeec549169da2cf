import type { ReactNode } from 'react';
import type { RequestOutput } from '../../../electron/shared/contract.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { dayBefore, localDay } from './local-time.ts';

type Day = RequestOutput<'log.activity'>['days'][number];
const height = 48;
const barWidth = 6;
const gap = 2;

/** One bar a day, its amber foot what wants attention. The sentence says what the picture shows. */
export function ActivityChart(props: { readonly days: readonly Day[]; readonly length: number }): ReactNode {
  const { length } = props;
  const byDay = new Map(props.days.map((day) => [day.day, day]));
  const names = Array.from({ length }, (_, index) => dayBefore(length - 1 - index));
  const most = props.days.reduce<Day | null>(
    (best, day) => (best === null || day.entries > best.entries ? day : best),
    null,
  );
  const total = props.days.reduce((sum, day) => sum + day.entries, 0);
  const tall = (entries: number): number =>
    entries === 0 || most === null ? 0 : Math.max(1.5, (entries / most.entries) * height);
  const busiest = most === null ? '' : words.chartBusiest(localDay(most.day), most.entries);
  const width = length * (barWidth + gap) - gap;
  return (
    <figure className="activity">
      <figcaption className="hint">{words.chartLabel}</figcaption>
      <svg
        role="img"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        aria-label={words.chart(localDay(names[0] ?? ''), localDay(names.at(-1) ?? ''), total, busiest)}
      >
        {names.map((name, index) => {
          const day = byDay.get(name);
          const bar = { x: index * (barWidth + gap), width: barWidth };
          const whole = tall(day?.entries ?? 0);
          const foot = tall(day?.attention ?? 0);
          return (
            <g key={name}>
              <title>{`${localDay(name)}: ${day?.entries ?? 0}`}</title>
              <rect {...bar} y={0} height={height} className="bar-ground" />
              <rect {...bar} y={height - whole} height={whole} className="bar" />
              <rect {...bar} y={height - foot} height={foot} className="bar-attention" />
            </g>
          );
        })}
      </svg>
      <p className="hint activity-ends">
        <span>{localDay(names[0] ?? '')}</span>
        <span>{localDay(names.at(-1) ?? '')}</span>
      </p>
    </figure>
  );
}
