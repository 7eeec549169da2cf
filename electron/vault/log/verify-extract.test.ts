import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { entrySchema } from '../../shared/ids.ts';
import { canonicalText, type JsonValue } from './canonical-json.ts';
import { proofsOf } from './extract.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { flipBit } from './tampering.ts';

/** `check` asks all three verifiers, and fails where they do not say the same. */
let bundle: TamperedBundle;
beforeEach(async () => {
  bundle = await createTamperedBundle({
    by: 'entries',
    from: entrySchema.parse(2),
    to: entrySchema.parse(5),
  });
});
afterEach(() => {
  bundle.fixture.dispose();
});

function changeManifest(change: Record<string, JsonValue>): void {
  const manifest = z
    .record(z.string(), z.json())
    .parse(JSON.parse(String(bundle.members.get('manifest.json'))));
  bundle.members.set('manifest.json', Buffer.from(`${canonicalText({ ...manifest, ...change })}\n`));
}

const proofs = (): string[] => String(bundle.members.get('proofs.txt')).split('----\n').slice(0, -1);
function setProofs(all: readonly string[]): void {
  bundle.members.set('proofs.txt', Buffer.from(all.map((proof) => `${proof}----\n`).join('')));
}

/** Right proofs of these entries, as only the holder of the record can make them. */
function proofsAbout(entries: readonly number[]): string[] {
  const { reader } = bundle.fixture;
  const note = String(bundle.members.get('log/checkpoint'));
  return [...proofsOf(entries, 7, note, reader)].map((proof) => String(proof).replace(/----\n$/, ''));
}

function leafLines(entries: readonly number[]): Buffer[] {
  return entries.map((entry) => bundle.fixture.reader.leaf(entry) ?? Buffer.alloc(0));
}

describe('AC-09 an extract', () => {
  it('holds, as it was written', () => {
    expect(bundle.checkMembers()).toEqual({ ok: true, authenticated: true });
    expect(bundle.checkMembers({ trust: false })).toEqual({ ok: true, authenticated: false });
    expect(bundle.check(bundle.zip)).toEqual({ ok: true, authenticated: true });
  });

  it('with a changed entry is refused and names it, even when all is signed again', () => {
    const lines = bundle.lines('events.jsonl');
    bundle.setLines(
      'events.jsonl',
      lines.with(1, Buffer.from(String(lines[1]).replace('"characters":0', '"characters":9'))),
    );
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'events.jsonl' });
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'events.jsonl' });
  });

  it('with two entries that changed places is refused', () => {
    const [first, second, ...rest] = bundle.lines('events.jsonl');
    if (first === undefined || second === undefined) throw new Error('there are four');
    bundle.setLines('events.jsonl', [second, first, ...rest]);
    expect(bundle.checkMembers()).toEqual({ entry: 2, file: 'events.jsonl' });
    const [one = '', two = '', ...others] = proofs();
    setProofs([two, one, ...others]);
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt proof 2' });
  });

  it('that lacks an entry of its range is refused, with and without its proof, even when it is signed', () => {
    bundle.setLines('events.jsonl', bundle.lines('events.jsonl').slice(0, -1));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt proof 4' });
    setProofs(proofs().slice(0, -1));
    changeManifest({ records: 3 });
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'events.jsonl' });
    bundle.setLines('events.jsonl', []);
    bundle.members.set('proofs.txt', Buffer.alloc(0));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'events.jsonl' });
  });

  it('with an entry that was not selected is refused, even when its proof is right and all is signed', () => {
    bundle.setLines('events.jsonl', leafLines([2, 3, 4, 5, 6]));
    setProofs(proofsAbout([2, 3, 4, 5, 6]));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 6, file: 'events.jsonl' });
  });

  describe('proves that it continues the record of an earlier bundle', () => {
    // 7 entries; the checkpoint of 3 left the computer before.
    const file = 'consistency.txt';
    const text = (): string => String(bundle.members.get(file));
    const says = (changed: string): void => {
      bundle.members.set(file, Buffer.from(changed));
      bundle.signMembers();
    };

    it('by the hashes of RFC 6962', () => {
      const [note, hashes] = text().split('----\n');
      expect(note).toBe(bundle.fixture.reader.checkpoint(3));
      expect(hashes?.trimEnd().split('\n')).toHaveLength(4);
    });

    it.each<readonly [string, (proof: string) => string]>([
      ['lacks a hash', (proof) => proof.replace(/[^\n]+\n$/, '')],
      ['has one more', (proof) => `${proof}${'A'.repeat(43)}=\n`],
      ['has another hash', (proof) => proof.replace(/[^\n]+\n$/, `${'A'.repeat(43)}=\n`)],
      ['has two hashes exchanged', (proof) => proof.replace(/([^\n]+\n)([^\n]+\n)$/, '$2$1')],
      ['has no hashes', (proof) => proof.slice(0, proof.indexOf('----\n') + 5)],
      ['has no line of dashes', (proof) => proof.replace('----\n', '')],
      ['is cut off', (proof) => proof.slice(0, -2)],
      ['is about another size', (proof) => proof.replace('\n3\n', '\n4\n')],
      ['is about no size', (proof) => proof.replace('\n3\n', '\n0\n')],
      ['is about its own size', (proof) => proof.replace('\n3\n', '\n7\n')],
      ['is about another record', (proof) => proof.replace('cloister.', 'cloister.x')],
      [
        'is about another root',
        (proof) => proof.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'B'.repeat(42)}A=\n`),
      ],
      ['is nothing', () => ''],
    ])('and is refused where the proof %s, even when it is signed', (_, change) => {
      says(change(text()));
      expect(bundle.checkMembers()).toEqual({ file });
    });

    it('and is refused where the manifest says otherwise, or the proof was taken out', () => {
      const whole = text();
      changeManifest({ previousCheckpoint: null });
      bundle.signMembers();
      expect(bundle.checkMembers()).toEqual({ file: 'manifest.json' });
      changeManifest({ previousCheckpoint: bundle.fixture.reader.checkpoint(3) });
      bundle.members.delete(file);
      bundle.signMembers();
      expect(bundle.checkMembers()).toEqual({ file: 'manifest.json' });
      says(whole);
      expect(bundle.checkMembers()).toEqual({ ok: true, authenticated: true });
    });
  });

  it('with an entry twice is refused', () => {
    bundle.setLines('events.jsonl', leafLines([2, 3, 3, 4, 5]));
    setProofs(proofsAbout([2, 3, 3, 4, 5]));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt proof 3' });
  });

  it.each<readonly [string, (proof: string) => string]>([
    ['no first line', (proof) => proof.replace(/^.*\n/, '')],
    ['another first line', (proof) => proof.replace('@v1', '@v2')],
    ['extra data', (proof) => proof.replace('index', 'extra AAAA\nindex')],
    ['an index with a zero before it', (proof) => proof.replace('index 4', 'index 04')],
    ['no hash that is one', (proof) => proof.replace(/\n[A-Za-z0-9+/]{43}=\n/, '\nAAAA\n')],
    ['hashes without an end', (proof) => proof.replaceAll('\n\n', '\n')],
    ['a hash in another spelling', (proof) => proof.replace('=\n', '\n')],
    ['nothing', () => ''],
    ['sixty-five lines', (proof) => `${proof}\n`.repeat(9)],
    ['another checkpoint', (proof) => proof.replace(/\n7\n/, '\n8\n')],
    ['a checkpoint without its signature', (proof) => proof.replace(/\n— .*\n/u, '\n')],
    ['the index of another entry', (proof) => proof.replace('index 4', 'index 3')],
    ['an index beyond the record', (proof) => proof.replace('index 4', 'index 7')],
  ])('is refused where a proof has %s', (_, change) => {
    const all = proofs();
    setProofs(all.with(2, change(all[2] ?? '')));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt proof 3' });
  });

  it.each<readonly [string, (hashes: string[]) => string[]]>([
    ['one hash less', (hashes) => hashes.slice(0, -1)],
    ['one hash more', (hashes) => [...hashes, ...hashes.slice(0, 1)]],
    ['its hashes turned round', (hashes) => hashes.toReversed()],
    ['none', () => []],
  ])('names the entry whose proof has %s', (_, change) => {
    const all = proofs();
    const [head = '', index = '', ...rest] = String(all[2]).split('\n');
    const end = rest.indexOf('');
    const proof = [head, index, ...change(rest.slice(0, end)), ...rest.slice(end)].join('\n');
    setProofs(all.with(2, proof));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 4, file: 'events.jsonl' });
  });

  it('with fewer proofs or one that is cut off is refused', () => {
    const all = proofs();
    setProofs(all.slice(0, 2));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt' });
    bundle.members.set('proofs.txt', Buffer.from(all.join('----\n')));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'proofs.txt proof 4' });
  });

  it.each<readonly [string, Record<string, JsonValue>]>([
    ['records', { records: 5 }],
    ['treeSize', { treeSize: 8 }],
    ['origin', { origin: 'cloister.other.example/x/0' }],
    ['format', { format: 'cloister-audit-bundle/2' }],
    ['clinicalText', { clinicalText: 'withheld' }],
    ['solePractitioner', { solePractitioner: 'no' }],
    ['selection: nothing', { selection: null }],
    ['selection: a word', { selection: 'entries' }],
    ['selection: a list', { selection: ['entries'] }],
    ['selection: a way that there is not', { selection: { by: 'constructor' } }],
    ['selection: another way', { selection: { by: 'toString', from: 2, to: 5 } }],
    ['selection: too much', { selection: { by: 'entries', from: 2, to: 5, more: 1 } }],
    ['selection: too little', { selection: { by: 'entries', from: 2 } }],
    ['selection: no numbers', { selection: { by: 'entries', from: '2', to: '5' } }],
    ['selection: no time', { selection: { by: 'time', from: '2026', to: '2027' } }],
    ['selection: no patient', { selection: { by: 'patient', patient: 'Ada' } }],
    ['selection: no user', { selection: { by: 'user', user: null } }],
  ])('is refused where its manifest is signed and wrong about %s', (_, change) => {
    changeManifest(change);
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'manifest.json' });
  });

  it.each<readonly [string, JsonValue]>([
    ['patient', { by: 'patient', patient: 'ad'.repeat(16) }],
    ['user', { by: 'user', user: '11111111-1111-4111-8111-111111111111' }],
    ['time', { by: 'time', from: '2026-11-23T09:00:01.000Z', to: '2027-01-01T00:00:00.000Z' }],
    ['earlier time', { by: 'time', from: '2026-01-01T00:00:00.000Z', to: '2026-11-23T09:00:00.000Z' }],
    ['range', { by: 'entries', from: 3, to: 6 }],
  ])('with entries of another %s than it says is refused', (_, selection) => {
    changeManifest({ selection });
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 2, file: 'events.jsonl' });
  });

  it.each(['checkpoints.txt', 'keys/earlier.vkeys', 'log/tile/0/000.p/7', 'log/tile/entries/000.p/7'])(
    'that has %s, which nothing in it would prove, is refused',
    (name) => {
      bundle.members.set(name, Buffer.alloc(0));
      bundle.signMembers();
      expect(bundle.checkMembers()).toEqual({ file: name });
    },
  );

  it('that is called a full bundle is none', () => {
    changeManifest({ kind: 'full' });
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'checkpoints.txt' });
  });

  it.each(['proofs.txt', 'events.jsonl', 'manifest.json', 'log/checkpoint', 'SHA256SUMS.sshsig'])(
    'without %s is refused',
    (name) => {
      bundle.members.delete(name);
      expect(bundle.checkMembers()).toEqual({ file: name });
    },
  );

  it('with another text than the entry commits to is refused, and with the text of another entry', () => {
    const lines = bundle.lines('payloads.jsonl');
    bundle.setLines(
      'payloads.jsonl',
      lines.with(1, Buffer.from(String(lines[1]).replace('copy 0', 'copy 9'))),
    );
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'payloads.jsonl line 2' });
    bundle.setLines('payloads.jsonl', lines.toSpliced(1, 1));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'payloads.jsonl line 2' });
  });

  it('with a changed file is refused, unless the log key signed it', () => {
    flipBit(bundle.members, 'README.txt');
    expect(bundle.checkMembers()).toEqual({ file: 'README.txt' });
  });

  it('signed again by a foreign key is not authenticated', () => {
    bundle.signByForeignKey();
    expect(bundle.checkMembers()).toEqual({ file: 'keys/log.vkey' });
    expect(bundle.checkMembers({ trust: false })).toEqual({ ok: true, authenticated: false });
  });
});

describe('AC-09 a full bundle', () => {
  it('with proofs that nobody checks is refused', async () => {
    const full = await createTamperedBundle();
    try {
      full.members.set('proofs.txt', Buffer.from(String(bundle.members.get('proofs.txt'))));
      full.signMembers();
      expect(full.checkMembers()).toEqual({ file: 'proofs.txt' });
    } finally {
      full.fixture.dispose();
    }
  });
});
