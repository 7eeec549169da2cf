import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { leafOf, other, user } from './audit-event-fixture.ts';
import { canonicalBytes, type JsonValue } from './canonical-json.ts';
import { summaryPage } from './summary-page.ts';
import { readLeaf } from './leaves-of.ts';
import { startCounting } from './summary.ts';

type Texts = Readonly<Record<number, readonly { readonly field: string; readonly text: string }[]>>;

const readerOf = (leaves: readonly Uint8Array[], texts: Texts = {}) => ({
  leaves: () => leaves.map((bytes, index) => ({ index, bytes })),
  payloadsOf: (index: number) =>
    (texts[index] ?? []).map((payload) => ({ index, salt: new Uint8Array(32), ...payload })),
});
function summarise(reader: ReturnType<typeof readerOf>, size: number, clinicalText: 'withheld' | 'included') {
  const counting = startCounting();
  for (const { index, bytes } of reader.leaves()) counting.add(index, readLeaf(bytes));
  return counting.summary(reader, size, clinicalText);
}
const leaf = (event: LogEventType, change: Record<string, JsonValue> = {}): Uint8Array =>
  canonicalBytes(leafOf(event, change));
const onDay = (day: number): string =>
  new Date(Date.UTC(2026, 0, 1, 23, 30) + day * 24 * 3600 * 1000).toISOString();

const facts = {
  origin: 'cloister.clinic.example/0b9b1f4e-31a5-4a0c-9d2b-0d5f5e1f7a11/0',
  clinicalText: 'included',
  appVersion: '0.1.0',
  flavour: 'release',
  fingerprint: `SHA256:${'a+/b'.repeat(10)}abc`,
  solePractitioner: false,
} as const;

function pageOf(
  leaves: readonly Uint8Array[],
  change: Partial<Parameters<typeof summaryPage>[1]> = {},
  texts: Texts = {},
) {
  const all = { ...facts, size: leaves.length, ...change };
  return summaryPage(summarise(readerOf(leaves, texts), all.size, all.clinicalText), all);
}

describe('the summary of a record', () => {
  it('counts by event and by day, and what wants attention', () => {
    const summary = summarise(
      readerOf([
        leaf('session.signed-in', { at: onDay(0) }),
        leaf('log.viewed', { at: onDay(0) }),
        leaf('log.viewed', { at: onDay(1), outcome: 'refused' }),
        Buffer.from('not a leaf'),
      ]),
      4,
      'withheld',
    );
    expect(summary).toMatchObject({
      entries: 4,
      unreadable: 1,
      first: { index: 0 },
      last: { index: 2 },
      exported: null,
      types: [
        { key: 'log.viewed', entries: 2, attention: 1 },
        { key: 'session.signed-in', entries: 1, attention: 0 },
      ],
      days: [
        { key: '2026-01-01', entries: 2, attention: 0 },
        { key: '2026-01-02', entries: 1, attention: 1 },
      ],
    });
  });

  it('finds what stands out, counts all of it and lists the newest', () => {
    const many = Array.from({ length: 20 }, (_, day) =>
      leaf('session.sign-in-failed', {
        at: onDay(day),
        outcome: 'refused',
        data: { user: null, reason: 'passphrase', observed: null },
      }),
    );
    const leaves = [leaf('record.break-glass'), ...many, leaf('log.key-rotated'), leaf('network.blocked')];
    const { findings } = summarise(readerOf(leaves), leaves.length, 'withheld');
    const counts = Object.fromEntries(findings.map(({ kind, count }) => [kind, count]));
    expect(counts).toEqual({
      tampering: 0,
      network: 1,
      emergency: 1,
      signIns: 20,
      keys: 1,
      clock: 0,
      policy: 0,
      faults: 0,
    });
    const shown = findings.find(({ kind }) => kind === 'signIns')?.newest.map(({ index }) => index);
    expect(shown).toEqual([20, 19, 18, 17, 16, 15, 14, 13]);
    const page = pageOf(leaves);
    expect(page).toContain('Failed sign-ins: 20');
    expect(page).toContain('Sign-in failed (passphrase)');
    expect(page).toContain('The newest 8 are shown. events.jsonl has all 20.');
    expect(page).toMatch(/Not among these entries: signs of a change from outside,/u);
  });

  it('takes the newest name of a person and of the organisation, where the text is included', () => {
    const leaves = [
      leaf('log.created', { actor: { id: null, role: 'system' } }),
      leaf('user.created', { data: { user, role: 'clinician' } }),
      leaf('user.renamed', { data: { user } }),
      leaf('user.created', { data: { user: other, role: 'auditor' } }),
    ];
    const texts: Texts = {
      0: [{ field: 'organisationName', text: 'Made-up Clinic' }],
      1: [{ field: 'displayName', text: 'Made-up Ada' }],
      2: [{ field: 'displayName', text: 'Made-up Ada Two' }],
    };
    const told = summarise(readerOf(leaves, texts), 4, 'included');
    expect([...told.names]).toEqual([[user, 'Made-up Ada Two']]);
    expect(told.organisation).toBe('Made-up Clinic');
    const silent = summarise(readerOf(leaves, texts), 4, 'withheld');
    expect([silent.names.size, silent.organisation]).toEqual([0, null]);
  });
});

describe('the page', () => {
  const evil = `</style><script src="https://evil.example/x.js"></script>" onload='x' &amp;`;
  const leaves = [
    leaf('log.created'),
    leaf('log.exported', { outcome: 'attention' }),
    leaf('user.created', { data: { user, role: 'clinician' } }),
    leaf('process.ended', { outcome: 'attention', data: { process: evil, exitCode: 1, observed: null } }),
  ];
  const hostile = pageOf(
    leaves,
    { appVersion: evil, origin: `cloister.${evil}`, fingerprint: evil },
    {
      0: [{ field: 'organisationName', text: evil }],
      2: [{ field: 'displayName', text: evil }],
    },
  );

  it('escapes whatever it is given', () => {
    expect(hostile).not.toContain('<script');
    expect(hostile).not.toContain("onload='");
    expect(hostile.match(/<\/style>/gu)).toHaveLength(1);
    expect(hostile.match(/&lt;\/style&gt;&lt;script src=&quot;https/gu)?.length).toBeGreaterThanOrEqual(6);
    expect(hostile).toContain('&#39;x&#39; &amp;amp;');
  });

  it('loads nothing, runs nothing, and allows its own style alone', () => {
    const page = pageOf([leaf('log.created'), leaf('record.break-glass')]);
    const style = /<style>(?<style>[^]*?)<\/style>/u.exec(page)?.groups?.['style'] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(page).not.toMatch(/<script|<link|<img|<a |src=|href=|url\(|@import|style="/u);
  });

  it('says whether the text is in the bundle, that one person kept the record, and who made it', () => {
    expect(pageOf(leaves)).toContain('included, in payloads.jsonl');
    expect(pageOf(leaves, { clinicalText: 'withheld' })).toContain('withheld: the entries hold only a proof');
    expect(pageOf(leaves)).not.toContain('One person keeps');
    expect(pageOf(leaves, { solePractitioner: true })).toContain('One person keeps this record and uses it');
    expect(pageOf(leaves)).not.toContain('made-up patients');
    expect(pageOf(leaves, { flavour: 'development' })).toContain('made-up patients');
    expect(pageOf([Buffer.from('?')])).toContain('1 entry that cannot be read');
  });

  it('tells months and the newest days where there are too many days for a table', () => {
    const days = (count: number) =>
      Array.from({ length: count }, (_, day) => leaf('log.viewed', { at: onDay(day) }));
    const short = pageOf(days(62));
    expect(short).toContain('By day');
    expect(short).not.toContain('By month');
    const long = pageOf(days(63));
    expect(long).toContain('By month');
    expect(long).toContain('<td>2026-02</td>');
    expect(long).toContain('<td>2026-03-04</td>');
    expect(long).not.toContain('<td>2026-02-01</td>');
  });
});
