import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEventType } from '../../shared/log-event-types.ts';
import type { LeafOutcome } from '../../shared/log-data.ts';
import { openLogDigest, type LogDigest } from './log-digest.ts';
import { createLogFixture, type LogFixture } from './log-fixture.ts';
import { localDay } from './log-index.ts';
import type { LeafData } from './leaf.ts';

const dayMs = 86_400_000;
let fixture: LogFixture;
let digest: LogDigest;
beforeEach(() => {
  fixture = createLogFixture();
  digest = openLogDigest(fixture.database);
});
afterEach(() => {
  fixture.dispose();
});

function append<T extends LogEventType>(
  type: T,
  data: LeafData<T>,
  outcome: LeafOutcome = 'success',
): number {
  return fixture.log.append({
    type,
    actor: fixture.actor,
    session: fixture.session,
    patient: null,
    outcome,
    data,
    texts: {},
  }).seq;
}
const exported: LeafData<'log.exported'> = {
  treeSize: 1,
  root: 'ab'.repeat(32),
  clinicalText: 'withheld',
  selection: null,
  recipients: [],
};
const anchored = { treeSize: 1, root: 'ab'.repeat(32), matching: 0, foreign: 0 } as const;

describe('AC-13: the digest', () => {
  it('names the newest checkpoint that left the computer, not one whose file could not be written', () => {
    const left: (number | null)[] = [];
    const look = (): number => left.push(digest.lastDeparture()?.seq ?? null);
    look();
    append('log.anchor-failed', { reason: 'unreachable' }, 'attention');
    look();
    append('log.exported', exported);
    look();
    append('log.exported', exported);
    append('log.exported', exported, 'failed');
    look();
    append('log.exported', exported);
    append('log.exported', exported, 'stopped');
    look();
    append('log.anchored', anchored);
    look();
    append('log.anchored', anchored);
    append('log.anchor-failed', { reason: 'not-written' }, 'attention');
    append('log.anchor-failed', { reason: 'unchecked' }, 'attention');
    look();
    expect(left).toEqual([null, null, 1, 1, 1, 6, 6]);
  });

  it('counts days that nobody reviewed, without the present one', () => {
    const start = fixture.clock.nowMs();
    for (let day = 0; day < 4; day += 1) {
      fixture.clock.set(start + day * dayMs);
      append('log.viewed', { entry: null });
    }
    const now = start + 3 * dayMs;
    expect([digest.unreviewedDays(now), digest.unreviewedDays(now + dayMs)]).toEqual([3, 4]);
    append('record.reviewed', { from: 0, to: 1 });
    expect([digest.unreviewedDays(now), digest.reviewOf(1)?.upTo, digest.reviewOf(2)]).toEqual([1, 1, null]);
    append('record.reviewed', { from: 2, to: 4 });
    expect([digest.unreviewedDays(now), digest.reviewOf(2)?.upTo, digest.lastReview()?.upTo]).toEqual([
      0, 4, 4,
    ]);
  });

  it('adds up days', () => {
    const start = fixture.clock.nowMs();
    append('log.viewed', { entry: null });
    append('record.break-glass', { entries: 1 }, 'attention');
    fixture.clock.set(start + dayMs);
    append('log.viewed', { entry: null });
    const [first, second] = [localDay(start), localDay(start + dayMs)];
    expect(digest.activity(first, second)).toEqual([
      { day: first, entries: 2, attention: 1 },
      { day: second, entries: 1, attention: 0 },
    ]);
    expect(digest.counts(first, first)).toEqual({
      entries: 2,
      attention: 1,
      requests: 0,
      failedSignIns: 0,
      breakGlass: 1,
    });
    expect(digest.counts(second, second).breakGlass).toBe(0);
  });
});
