import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserId } from '../../shared/ids.ts';
import { patientIdSchema, userIdSchema } from '../../shared/ids.ts';
import type { LogEventType } from '../../shared/log-event-types.ts';
import { createBundleFixture } from './bundle-fixture.ts';
import { facet, localDay, openLogIndex } from './log-index.ts';
import { createLogFixture, type LogFixture } from './log-fixture.ts';
import type { LogFilter, Order, Page } from './log-query.ts';
import { searchWords } from './search-words.ts';

let fixture: LogFixture;
beforeEach(() => {
  fixture = createLogFixture();
});
afterEach(() => {
  fixture.dispose();
});

const other = userIdSchema.parse(randomUUID());
const patientA = patientIdSchema.parse('a'.repeat(32));
const patientB = patientIdSchema.parse('b'.repeat(32));
const dayMs = 86_400_000;

const everything: LogFilter = {
  scope: { kind: 'all' },
  actor: null,
  type: null,
  patient: null,
  outcome: null,
  model: null,
  from: null,
  to: null,
  words: [],
};
const newestFirst: Order = { by: 'entry', oldestFirst: false };

function copied(
  text: string,
  by: { readonly actor?: UserId; readonly patient?: typeof patientA } = {},
): number {
  return fixture.log.append({
    type: 'clipboard.copied',
    actor: { id: by.actor ?? fixture.actor.id, role: 'clinician' },
    session: fixture.session,
    patient: by.patient ?? null,
    outcome: 'success',
    data: { turn: null, characters: text.length },
    texts: { copied: text },
  }).seq;
}
function system(type: LogEventType & 'model.refused', modelId: string): number {
  return fixture.log.append({
    type,
    actor: { id: null, role: 'system' },
    session: null,
    patient: null,
    outcome: 'attention',
    data: { modelId, code: 'model-wrong-hash' },
    texts: {},
  }).seq;
}
function seqs(filter: Partial<LogFilter>, page: Partial<Page> = {}): number[] {
  return fixture.query
    .page({ ...everything, ...filter }, { order: newestFirst, after: null, limit: 100, ...page })
    .map(({ seq }) => seq);
}
const found = (query: string, filter: Partial<LogFilter> = {}): number[] =>
  seqs({ ...filter, words: searchWords(query) });

/** All pages of two rows each. */
function paged(filter: Partial<LogFilter>, order: Order): number[] {
  const all: number[] = [];
  for (let pages = 0; pages < 50; pages += 1) {
    const next = seqs(filter, { order, after: all.at(-1) ?? null, limit: 2 });
    if (next.length === 0) return all;
    all.push(...next);
  }
  throw new Error('the pages have no end');
}

describe('AC-08: looking through the record', () => {
  it('filters by user, patient, type, outcome and model, alone and together', () => {
    const first = copied('one', { patient: patientA });
    const second = copied('two', { actor: other, patient: patientA });
    const third = copied('three', { patient: patientB });
    const fourth = system('model.refused', 'gemma-3-4b.q4_k_m');
    const fifth = system('model.refused', 'other-model');
    expect([
      seqs({}),
      seqs({ actor: other }),
      seqs({ patient: patientA }),
      seqs({ type: 'model.refused' }),
      seqs({ outcome: 'attention' }),
      seqs({ model: 'gemma-3-4b.q4_k_m' }),
      seqs({ patient: patientA, actor: fixture.actor.id, type: 'clipboard.copied', outcome: 'success' }),
      seqs({ patient: patientB, actor: other }),
    ]).toEqual([
      [fifth, fourth, third, second, first],
      [second],
      [second, first],
      [fifth, fourth],
      [fifth, fourth],
      [fourth],
      [first],
      [],
    ]);
    expect(fixture.query.values('model')).toEqual(['gemma-3-4b.q4_k_m', 'other-model']);
    expect(fixture.query.entriesAbout(patientA)).toBe(2);
  });

  it('filters by days, also after the clock was set back', () => {
    const start = fixture.clock.nowMs();
    copied('first day');
    fixture.clock.set(start + 2 * dayMs);
    copied('third day');
    fixture.clock.set(start + dayMs);
    copied('second day, after the third');
    const day = (days: number): string => localDay(start + days * dayMs);
    expect([
      seqs({ from: day(0), to: day(0) }),
      // Entry 2 tells of the jump.
      seqs({ from: day(1), to: day(1) }),
      seqs({ from: day(1) }),
      seqs({ to: day(1) }),
      seqs({ from: day(3) }),
      seqs({ from: day(1), to: day(1), actor: fixture.actor.id }),
    ]).toEqual([[0], [3, 2], [3, 2, 1], [3, 2, 0], [], [3]]);
  });

  it('knows the model of an outcome and of what was done with the draft from its request', () => {
    const turns = createBundleFixture();
    turns.appendTurn('11111111-1111-4111-8111-111111111111');
    const rows = turns.query.page(
      { ...everything, model: 'made-up-model' },
      { order: newestFirst, after: null, limit: 5 },
    );
    turns.dispose();
    expect(rows.map(({ type }) => type)).toEqual(['response.completed', 'prompt.submitted']);
  });

  it('pages without a gap or a double, in every order (AC-24)', () => {
    for (let n = 0; n < 7; n += 1) {
      copied(`text ${n}`, { actor: n % 2 === 0 ? other : fixture.actor.id, patient: patientA });
      if (n % 3 === 0) system('model.refused', 'a-model');
    }
    const all = seqs({});
    const byActor = [fixture.actor.id, other, null];
    const actorOf = (seq: number) => fixture.query.row(seq)?.actor ?? null;
    expect(paged({}, newestFirst)).toEqual(all);
    expect(paged({}, { by: 'entry', oldestFirst: true })).toEqual(all.toReversed());
    expect(paged({}, { by: 'actor', groups: byActor })).toEqual(
      byActor.flatMap((actor) => all.filter((seq) => actorOf(seq) === actor)),
    );
    const inOrder = [patientB, patientA, null];
    const patientOf = (seq: number) => fixture.query.row(seq)?.patient ?? null;
    const some = copied('of another', { patient: patientB });
    expect(paged({}, { by: 'patient', groups: inOrder })).toEqual([
      some,
      ...all.filter((seq) => patientOf(seq) === patientA),
      ...all.filter((seq) => patientOf(seq) === null),
    ]);
    expect(paged({ words: ['text'] }, { by: 'patient', groups: [null, patientA] })).toEqual(
      all.filter((seq) => patientOf(seq) === patientA),
    );
    expect(paged({ words: ['text'] }, { by: 'entry', oldestFirst: true })).toEqual(
      all.filter((seq) => patientOf(seq) === patientA).toReversed(),
    );
    expect(paged({ type: 'model.refused' }, { by: 'patient', groups: inOrder })).toEqual(
      seqs({ type: 'model.refused' }),
    );
    fixture.dispose();
    fixture = createLogFixture();
    copied('a', { actor: other, patient: patientA });
    system('model.refused', 'a-model');
    const types = ['model.refused', 'clipboard.copied'];
    expect(paged({ patient: null }, { by: 'type', groups: types })).toEqual(
      types.flatMap((type) => seqs({ type: type as LogEventType })),
    );
    expect(paged({ type: 'model.refused' }, { by: 'outcome', groups: ['attention', 'success'] })).toEqual(
      seqs({ type: 'model.refused' }),
    );
    expect(paged({ actor: other }, newestFirst)).toEqual(seqs({ actor: other }));
  });

  it('shows what was appended this moment, and goes on past what is no leaf', () => {
    copied('before');
    const { raw } = fixture.database;
    raw.exec('DROP TRIGGER leaves_no_update');
    raw.prepare('UPDATE leaves SET leaf = ? WHERE seq = 0').run(Buffer.from('{}'));
    copied('after');
    expect([seqs({}), found('after')]).toEqual([[1], [1]]);
    copied('and one more');
    expect(seqs({})).toEqual([2, 1]);
  });
});

describe('the search', () => {
  it('finds every word, whatever its case and accents, and beginnings of the last one', () => {
    const first = copied('Ménière: vertigo, takes Betahistine 16 mg');
    const second = copied('vertigo after a fall');
    expect([
      found('meniere'),
      found('VERTIGO'),
      found('vertigo betahistine'),
      found('vertigo beta'),
      found('beta vertigo'),
      found('16'),
      found('verti fall'),
      found('nothing'),
    ]).toEqual([[first], [second, first], [first], [first], [], [first], [], []]);
  });

  it('finds beginnings in letters that only the index folds', () => {
    const seq = copied('Størrelse 3 cm, пациент спит');
    expect([found('stør'), found('паци'), found('ПАЦИ')]).toEqual([[seq], [seq], [seq]]);
  });

  it('a beginning of very many words is searched for as it stands, and this is told', () => {
    const words = Array.from({ length: 101 }, (_, n) => `con${String(n).padStart(3, '0')}`);
    const many = copied(words.slice(0, 100).join(' '));
    expect([found('con'), fixture.query.beginsWords('con')]).toEqual([[many], true]);
    const more = copied(words.join(' '));
    expect([found('con'), fixture.query.beginsWords('con')]).toEqual([[], false]);
    expect([found('con10'), fixture.query.beginsWords('con10')]).toEqual([[more], true]);
    const itself = copied('con');
    expect(found('con')).toEqual([itself]);
    expect(fixture.query.beginsWords('co')).toBe(true);
  });

  it('takes nothing that is typed for an operator', () => {
    const seq = copied('salt OR pepper');
    copied('salt');
    expect([found('salt OR pepper'), found('text:salt'), found('facets:xunone'), found('"salt')]).toEqual([
      [seq],
      [],
      [],
      [seq + 1, seq],
    ]);
    for (const odd of [
      'a"b',
      '*',
      '^',
      'NEAR(',
      'salt AND',
      '\u{301}',
      'x\u0000y',
      '\u{1F600}',
      '-salt',
      "'",
    ])
      expect(() => found(odd)).not.toThrow();
  });

  it('shows others nothing, even where a text pretends to be theirs', () => {
    const own = copied('needle', { patient: patientA });
    copied(`needle ${facet.actor(fixture.actor.id)} xp`, { actor: other, patient: patientB });
    copied('needle', { actor: other });
    const scope = { kind: 'own', actor: fixture.actor.id, patients: [] } as const;
    expect([
      found('needle', { scope }),
      found('needle', { scope: { ...scope, patients: [patientB] } }),
      found('needle', { scope: { kind: 'about-patients' } }),
      found('needle', { scope, actor: other }),
      seqs({ scope }),
    ]).toEqual([[own], [1, 0], [1, 0], [], [own]]);
  });

  it('fills a page with what somebody may see, however much others have', () => {
    const own = [copied('needle'), copied('needle')];
    for (let n = 0; n < 120; n += 1) copied('needle', { actor: other });
    const scope = { kind: 'own', actor: fixture.actor.id, patients: [] } as const;
    expect(seqs({ scope, words: ['needle'] }, { limit: 2 })).toEqual(own.toReversed());
  });

  it('forgets a text without trace, and keeps finding the rest', () => {
    const seq = copied('unforgettable canary', { patient: patientA });
    const kept = copied('another canary');
    // Terms are stored whole, or as what they do not share with the one before.
    const inIndex = (part: string): boolean => {
      const blocks = fixture.database.raw.prepare('SELECT block FROM search_data').pluck().all();
      return Buffer.concat(blocks.filter((block) => block instanceof Uint8Array)).includes(part);
    };
    expect(found('canary')).toEqual([kept, seq]);
    expect([inIndex('forgettable'), inIndex('canary')]).toEqual([true, true]);
    openLogIndex(fixture.database).forgetTexts(seq);
    expect([found('unforgettable'), found('canary'), seqs({ patient: patientA })]).toEqual([
      [],
      [kept],
      [seq],
    ]);
    expect([inIndex('forgettable'), inIndex('canary')]).toEqual([false, true]);
    fixture.database.execute("INSERT INTO search (search) VALUES ('integrity-check')");
  });
});
