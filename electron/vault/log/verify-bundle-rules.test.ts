import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runVerifier } from './bundle-fixture.ts';
import { canonicalBytes } from './canonical-json.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { forgeBundle } from './tampering.ts';

const payloadSchema = z.strictObject({
  index: z.int(),
  field: z.string(),
  salt: z.string(),
  text: z.string(),
});

let bundle: TamperedBundle;
beforeEach(async () => {
  bundle = await createTamperedBundle();
});
afterEach(() => {
  bundle.fixture.dispose();
});

type Leaves = Parameters<TamperedBundle['checkForged']>[0];
const numbered = (all: readonly LeafEnvelope[]) => all.map((event, seq) => ({ ...event, seq }));
/** The leaves with one replaced. */
const replaced = (all: readonly LeafEnvelope[], seq: number, leaf: Leaves[number]): Leaves =>
  all.map((event) => (event.seq === seq ? leaf : event));
const changed = (all: readonly LeafEnvelope[], seq: number, change: object): Leaves =>
  all.map((event) => (event.seq === seq ? { ...event, ...change } : event));

describe('AC-09 a record that the log key signed and that breaks its own rules', () => {
  it('is accepted where it keeps them', async () => {
    expect(await bundle.checkForged(bundle.events())).toEqual({ ok: true, authenticated: true });
  });

  it.each<[string, number, (all: LeafEnvelope[]) => Leaves]>([
    ['an entry that says another place', 4, (all) => changed(all, 4, { seq: 5 })],
    [
      'a clock that went back without a word',
      5,
      (all) => changed(all, 5, { at: '2026-11-23T08:00:00.000Z' }),
    ],
    ['a time that is none', 2, (all) => changed(all, 2, { at: 'yesterday' })],
    ['a day that there is not', 2, (all) => changed(all, 2, { at: '2026-02-30T09:00:00.000Z' })],
    ['an answer without its request', 1, (all) => numbered(all.toSpliced(1, 1))],
    ['a second answer to one request', 3, (all) => numbered(all.toSpliced(3, 0, ...all.slice(2, 3)))],
    ['a second request of one number', 3, (all) => numbered(all.toSpliced(3, 0, ...all.slice(1, 2)))],
    [
      'an entry that is not canonical',
      6,
      (all) => replaced(all, 6, Buffer.from(`${JSON.stringify(all[6])} `)),
    ],
    ['an event that nobody knows', 5, (all) => changed(all, 5, { event: 'note.invented' })],
    ['an event of a later version', 5, (all) => changed(all, 5, { v: 2 })],
    [
      'a text in its data',
      5,
      (all) => changed(all, 5, { data: { turn: null, said: 'a cough since Monday' } }),
    ],
    ['a text as a name in its data', 5, (all) => changed(all, 5, { data: { 'a cough': 1 } })],
    ['an entry that is no object', 3, (all) => replaced(all, 3, null)],
    ['an entry with a lone surrogate', 3, (all) => replaced(all, 3, Buffer.from('{"at":"\\ud800"}'))],
    ['an entry with a doubled member', 3, (all) => replaced(all, 3, Buffer.from('{"a":1,"a":1}'))],
    ['an entry that is not UTF-8', 3, (all) => replaced(all, 3, Buffer.from([0x22, 0xff, 0x22]))],
    [
      'an entry that is deeper than any',
      3,
      (all) => replaced(all, 3, Buffer.from('['.repeat(20_000) + ']'.repeat(20_000))),
    ],
    [
      'an entry without a member',
      3,
      (all) => replaced(all, 3, Object.fromEntries(Object.entries(all[3] ?? {}).slice(1))),
    ],
    ['an entry with a member of its own', 3, (all) => changed(all, 3, { note: 'free text' })],
    ['an entry of another version', 3, (all) => changed(all, 3, { v: 2 })],
    ['free text where a commitment belongs', 3, (all) => changed(all, 3, { texts: { copied: 'words' } })],
    ['a record number where a patient belongs', 3, (all) => changed(all, 3, { patient: 'MRN-0001' })],
    ['an actor who is nobody', 3, (all) => changed(all, 3, { actor: { id: 'Dr Made-up', role: 'system' } })],
    [
      'a first entry of another record',
      0,
      (all) => changed(all, 0, { data: { ...all[0]?.data, origin: 'cloister.other.example/x/0' } }),
    ],
  ])('%s is named by its index', async (_, entry, change) => {
    expect(await bundle.checkForged(change(bundle.events()))).toEqual({ entry, file: 'events.jsonl' });
  });

  it('AC-27 a jump of the clock is accepted only with its true size', async () => {
    const { fixture } = bundle;
    fixture.clock.set(fixture.clock.nowMs() - 60_000);
    fixture.appendCopies(1);
    const path = await fixture.write('jumped.zip');
    expect(bundle.check(path)).toEqual({ ok: true, authenticated: true });
    const leaves = [...fixture.reader.leaves(9)].map(({ bytes }) =>
      leafEnvelopeSchema.parse(JSON.parse(String(bytes))),
    );
    expect(leaves[7]).toMatchObject({ event: 'clock.jumped-back', data: { byMs: 59_000 } });
    const told = changed(leaves, 7, { data: { byMs: 5000 } });
    expect(await bundle.checkForged(told)).toEqual({ entry: 7, file: 'events.jsonl' });
  });

  it('AC-27 time since start-up that fell is reported, and is no fault', async () => {
    const { fixture } = bundle;
    fixture.clock.set(fixture.clock.nowMs() - 1000);
    fixture.appendCopies(1);
    fixture.clock.set(fixture.clock.nowMs() - 1500);
    fixture.appendCopies(1);
    const path = await fixture.write('restored.zip');
    expect(JSON.parse(runVerifier(path, '--json').out)).toMatchObject({ ok: true, restoredAt: [8] });
    expect(runVerifier(path).out).toContain('time since start-up fell at entries 8');
  });

  it('a request without an outcome is reported, and is no fault', async () => {
    const path = join(bundle.fixture.folder, 'open.zip');
    const leaves = bundle.lines('events.jsonl').slice(0, 2);
    await forgeBundle(
      bundle.fixture.facts({ clinicalText: 'withheld' }),
      { leaves, payloads: [], earlier: [] },
      path,
    );
    expect(JSON.parse(runVerifier(path, '--json').out)).toMatchObject({ ok: true, openRequests: [1] });
    expect(runVerifier(path).out).toContain('requests without an outcome at entries 1');
  });
});

it('AC-09 an entry of more bytes than one may have is named by its index', () => {
  const lines = String(bundle.members.get('events.jsonl')).split('\n');
  lines[5] = `{"a":"${'x'.repeat(65_536)}"}`;
  bundle.members.set('events.jsonl', Buffer.from(lines.join('\n')));
  bundle.signMembers();
  expect(bundle.checkMembers()).toEqual({ entry: 5, file: 'events.jsonl' });
});

describe('AC-09 the clinical texts', () => {
  function changePayload(line: number, change: Partial<z.infer<typeof payloadSchema>>): void {
    const all = bundle.lines('payloads.jsonl');
    const payload = payloadSchema.parse(JSON.parse(String(all[line])));
    bundle.setLines('payloads.jsonl', all.with(line, Buffer.from(canonicalBytes({ ...payload, ...change }))));
    bundle.signMembers();
  }

  it('a changed one is named by its entry', () => {
    changePayload(2, { text: 'other words' });
    expect(bundle.checkMembers()).toEqual({ entry: 1, file: 'payloads.jsonl line 3' });
  });

  it('two that were swapped are named by the first', () => {
    const [fifth, sixth] = bundle
      .lines('payloads.jsonl')
      .slice(4)
      .map((line) => payloadSchema.parse(JSON.parse(String(line))));
    changePayload(4, { text: sixth?.text ?? '', salt: sixth?.salt ?? '' });
    changePayload(5, { text: fifth?.text ?? '', salt: fifth?.salt ?? '' });
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'payloads.jsonl line 5' });
  });

  it('one under a field that its entry does not commit to is refused', () => {
    changePayload(0, { field: 'organisationNome' });
    expect(bundle.checkMembers()).toEqual({ entry: 0, file: 'payloads.jsonl line 1' });
  });

  it('one that stands twice is refused', () => {
    const all = bundle.lines('payloads.jsonl');
    bundle.setLines('payloads.jsonl', all.toSpliced(1, 0, ...all.slice(0, 1)));
    expect(bundle.checkMembers()).toEqual({ entry: 0, file: 'payloads.jsonl line 2' });
  });

  it('one left out of a bundle that says it has them all is refused', () => {
    bundle.setLines('payloads.jsonl', bundle.lines('payloads.jsonl').toSpliced(3, 1));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 2, file: 'payloads.jsonl line 4' });
  });

  it('one behind the last is refused', () => {
    const all = bundle.lines('payloads.jsonl');
    bundle.setLines('payloads.jsonl', [...all, ...all.slice(-1)]);
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: `payloads.jsonl line ${all.length + 1}` });
  });

  it('one that is longer than what is read at a time is checked as a whole', async () => {
    const { fixture } = bundle;
    fixture.log.append({
      type: 'clipboard.copied',
      actor: fixture.actor,
      session: fixture.session,
      patient: null,
      outcome: 'success',
      data: { turn: null, characters: 3_000_000 },
      texts: { copied: 'ä🙂x'.repeat(750_000) },
    });
    expect(bundle.check(await fixture.write('long.zip'))).toEqual({ ok: true, authenticated: true });
  });
});
