import { useEffect, useId, useState, type ReactNode } from 'react';
import type { RequestOutput } from '../../../electron/shared/contract.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { ActivityChart } from './activity-chart.tsx';
import { dayBefore, localDate } from './local-time.ts';

const periods = [30, 90, 365] as const;
type Answer = {
  readonly days: number;
  readonly digest: RequestOutput<'log.digest'>;
  readonly activity: RequestOutput<'log.activity'>['days'];
};

/** What IT and auditors must know at a glance. @param props.version changes when it is to be asked for anew */
export function LogDigest({ version }: { readonly version: number }): ReactNode {
  const { vault } = useApp();
  const [days, setDays] = useState<number>(periods[0]);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const id = useId();
  useEffect(() => {
    let wanted = true;
    const span = { from: dayBefore(days - 1), to: dayBefore(0) };
    void Promise.all([vault.request('log.digest', span), vault.request('log.activity', span)]).then(
      ([digest, activity]) => {
        if (wanted && digest.ok && activity.ok)
          setAnswer({ days, digest: digest.value, activity: activity.value.days });
      },
    );
    return () => {
      wanted = false;
    };
  }, [vault, days, version]);

  return (
    <section className="digest" aria-label={words.digest}>
      <div className="filter">
        <label htmlFor={id}>{words.period}</label>
        <select
          id={id}
          value={days}
          onChange={(event) => {
            setDays(Number(event.target.value));
          }}
        >
          {periods.map((period) => (
            <option key={period} value={period}>
              {words.periodDays(period)}
            </option>
          ))}
        </select>
      </div>
      {answer !== null && (
        <>
          <ActivityChart days={answer.activity} length={answer.days} />
          <Figures digest={answer.digest} />
        </>
      )}
    </section>
  );
}

function Figures({ digest }: { readonly digest: RequestOutput<'log.digest'> }): ReactNode {
  const { lastDeparture } = digest;
  const left = lastDeparture === null ? words.digestNever : words.digestDaysAgo(daysSince(lastDeparture.at));
  const isLong = lastDeparture === null || daysSince(lastDeparture.at) > 7;
  const figures = [
    { name: words.digestEntries, value: digest.entries },
    { name: words.digestRequests, value: digest.requests },
    { name: words.digestFailedSignIns, value: digest.failedSignIns, isAmber: digest.failedSignIns > 0 },
    { name: words.digestBreakGlass, value: digest.breakGlass, isAmber: digest.breakGlass > 0 },
    { name: words.digestAttention, value: digest.attention, isAmber: digest.attention > 0 },
    { name: words.digestUnreviewed, value: digest.unreviewedDays, isAmber: digest.unreviewedDays > 7 },
  ];
  return (
    <dl>
      {figures.map(({ name, value, isAmber }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-attention={isAmber === true}>{value.toLocaleString('en')}</dd>
        </div>
      ))}
      <div>
        <dt>{words.digestLeft}</dt>
        <dd data-attention={isLong} title={lastDeparture === null ? undefined : localDate(lastDeparture.at)}>
          {left}
        </dd>
      </div>
    </dl>
  );
}

function daysSince(at: string): number {
  const today = new Date().setHours(0, 0, 0, 0);
  return Math.max(0, Math.round((today - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000));
}
