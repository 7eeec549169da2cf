import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runVerifier } from './bundle-fixture.ts';
import { canonicalBytes } from './canonical-json.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { logKeyHash } from './log-key.ts';
import { signNote, verifierKeyFor } from './signed-note.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { flipBit, forgeBundle, recomputeSums, writeUnpacked } from './tampering.ts';

let bundle: TamperedBundle;
beforeEach(async () => {
  bundle = await createTamperedBundle();
});
afterEach(() => {
  bundle.fixture.dispose();
});

const kinds = [
  'README.txt',
  'manifest.json',
  'inventory.json',
  'keys/log.vkey',
  'keys/allowed_signers',
  'log/checkpoint',
  'checkpoints.txt',
  'log/tile/0/000.p/7',
  'log/tile/entries/000.p/7',
  'events.jsonl',
  'payloads.jsonl',
  'fhir/AuditEvent.ndjson',
  'disclosures.csv',
  'summary.html',
] as const;

/** Line of a member in which a byte stands, from 0. */
function lineAt(name: string, offset: number): number {
  return String(bundle.members.get(name)?.subarray(0, offset).toString('latin1')).split('\n').length - 1;
}

describe('AC-09 one flipped bit', () => {
  it('is found nowhere in the bundle as it was written', () => {
    const listed = [...bundle.members.keys()].filter((name) => !name.startsWith('SHA256SUMS'));
    expect(listed).toEqual([...kinds].toSorted());
    expect(bundle.checkMembers()).toEqual({ ok: true, authenticated: true });
  });

  it.each(kinds)('in %s is found, and named, where the list of hashes was left alone', (name) => {
    const line = lineAt(name, flipBit(bundle.members, name));
    const payload = { file: `payloads.jsonl line ${line + 1}` };
    const inText = name === 'payloads.jsonl' ? payload : { file: name };
    const expected = name === 'events.jsonl' ? { entry: line, file: name } : inText;
    expect(bundle.checkMembers()).toEqual(expect.objectContaining(expected));
  });

  it.each(kinds)('in %s is found where the list of hashes was made to fit', (name) => {
    const line = lineAt(name, flipBit(bundle.members, name));
    recomputeSums(bundle.members);
    const signatureOnly = [
      'README.txt',
      'manifest.json',
      'inventory.json',
      'keys/allowed_signers',
      'fhir/AuditEvent.ndjson',
      'disclosures.csv',
      'summary.html',
    ].includes(name);
    const payload = { file: `payloads.jsonl line ${line + 1}` };
    const inText = name === 'payloads.jsonl' ? payload : { file: name };
    const named = signatureOnly ? { file: 'SHA256SUMS.sshsig' } : inText;
    const expected = name === 'events.jsonl' ? { entry: line, file: name } : named;
    expect(bundle.checkMembers()).toEqual(expect.objectContaining(expected));
  });

  it.each(kinds)('in %s is found by the trusted key where another key signed everything again', (name) => {
    flipBit(bundle.members, name);
    bundle.signByForeignKey();
    expect(bundle.checkMembers()).toEqual({ file: 'keys/log.vkey' });
  });

  it.each(['SHA256SUMS', 'SHA256SUMS.sshsig'])('in %s breaks the signature', (name) => {
    flipBit(bundle.members, name);
    expect(bundle.checkMembers()).toEqual({ file: 'SHA256SUMS.sshsig' });
  });

  it('anywhere in the zip file is found', () => {
    const bytes = readFileSync(bundle.zip);
    for (let step = 1; step < 12; step += 1) {
      const at = Math.floor((bytes.length * step) / 12);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const path = join(bundle.fixture.folder, `flipped-${step}.zip`);
      writeFileSync(path, flipped);
      expect({ at, found: bundle.check(path) }).toEqual({
        at,
        found: expect.objectContaining({ file: expect.any(String) }),
      });
    }
  });
});

describe('AC-09 the entries', () => {
  it.each([
    ['is taken out', (all: Buffer[]) => all.toSpliced(4, 1), 4],
    ['is put in', (all: Buffer[]) => all.toSpliced(2, 0, Buffer.from('{"made":"up"}')), 2],
    ['is written twice', (all: Buffer[]) => all.toSpliced(5, 0, ...all.slice(5, 6)), 6],
    [
      'changes its place',
      (all: Buffer[]) => [...all.slice(0, 3), ...all.slice(3, 5).toReversed(), ...all.slice(5)],
      3,
    ],
    ['is cut off at the end', (all: Buffer[]) => all.slice(0, -1), 6],
    ['is added at the end', (all: Buffer[]) => [...all, ...all.slice(-1)], 7],
    ['is emptied', (all: Buffer[]) => all.with(1, Buffer.from('')), 1],
  ])('one that %s is named by its index', (_, change, entry) => {
    bundle.setLines('events.jsonl', change(bundle.lines('events.jsonl')));
    expect(bundle.checkMembers()).toEqual({ entry, file: 'events.jsonl' });
    recomputeSums(bundle.members);
    expect(bundle.checkMembers()).toEqual({ entry, file: 'events.jsonl' });
  });

  it('say in words that the list of hashes fails too', () => {
    bundle.setLines('events.jsonl', bundle.lines('events.jsonl').toSpliced(4, 1));
    const folder = join(bundle.fixture.folder, 'words');
    writeUnpacked(bundle.members, folder);
    expect(runVerifier(folder).out).toBe(
      'BAD at entry 4 (events.jsonl): entry 5 stands in its place; SHA256SUMS does not fit events.jsonl\n',
    );
  });

  it('are narrowed down to the checkpoints where the tiles were changed along', () => {
    bundle.setLines('events.jsonl', bundle.lines('events.jsonl').with(5, Buffer.from('{}')));
    bundle.members.set('log/tile/0/000.p/7', Buffer.alloc(7 * 32));
    recomputeSums(bundle.members);
    expect(bundle.checkMembers()).toEqual({ range: [3, 6], file: 'events.jsonl' });
  });

  it('whose last line lost its end are refused', () => {
    bundle.members.set('events.jsonl', Buffer.from(bundle.members.get('events.jsonl') ?? '').subarray(0, -1));
    expect(bundle.checkMembers()).toEqual({ file: 'events.jsonl' });
  });
});

describe('AC-09 the checkpoints', () => {
  it('cut back to an older one that was really signed', () => {
    bundle.members.set('log/checkpoint', Buffer.from(bundle.fixture.reader.checkpoint(3) ?? ''));
    recomputeSums(bundle.members);
    expect(bundle.checkMembers()).toEqual({ entry: 3, file: 'events.jsonl' });
  });

  it('one that claims more entries than any computer holds is only refused', () => {
    const { origin, logSeed } = bundle.fixture;
    const size = 900_000_000_000_000;
    const body = formatCheckpoint({ origin, size, rootHash: Buffer.alloc(32) });
    bundle.members.set('log/checkpoint', Buffer.from(signNote(body, origin, logSeed)));
    expect(bundle.checkMembers()).toEqual({ range: [3, size - 1], file: 'events.jsonl' });
  });

  it('an earlier one of another history is named with its range', async () => {
    const { fixture } = bundle;
    const other = formatCheckpoint({ origin: fixture.origin, size: 3, rootHash: Buffer.alloc(32, 7) });
    const earlier = [{ size: 3, note: signNote(other, fixture.origin, fixture.logSeed) }];
    const path = join(fixture.folder, 'forged.zip');
    const leaves = bundle.lines('events.jsonl');
    await forgeBundle(fixture.facts(), { leaves, payloads: [], earlier }, path);
    expect(bundle.check(path)).toEqual({ range: [0, 2], file: 'checkpoints.txt' });
  });

  it('something behind the last of them is refused', () => {
    const before = bundle.members.get('checkpoints.txt') ?? Buffer.alloc(0);
    bundle.members.set('checkpoints.txt', Buffer.concat([before, Buffer.from('more\n')]));
    expect(bundle.checkMembers()).toEqual({ file: 'checkpoints.txt' });
  });
});

describe('AC-09 the keys', () => {
  it('swapped for another record’s break the checkpoint', () => {
    const foreign = verifierKeyFor(bundle.fixture.origin, randomBytes(32));
    bundle.members.set('keys/log.vkey', Buffer.from(`${foreign}\n`));
    recomputeSums(bundle.members);
    expect(bundle.checkMembers({ trust: false })).toEqual({ file: 'log/checkpoint' });
    expect(bundle.checkMembers()).toEqual({ file: 'keys/log.vkey' });
  });

  it('swapped with everything signed again contradict the first entry even where no key was given', () => {
    bundle.signByForeignKey();
    expect(bundle.checkMembers({ trust: false })).toEqual({ entry: 0, file: 'events.jsonl' });
  });

  it('a whole record written anew under another key is consistent alone and is found by the trusted key', async () => {
    const { fixture } = bundle;
    const logSeed = randomBytes(32);
    const leaves = bundle.events().map((event) => {
      const data = event.seq === 0 ? { ...event.data, logKey: logKeyHash(logSeed) } : event.data;
      return Buffer.from(canonicalBytes({ ...event, data }));
    });
    const path = join(fixture.folder, 'anew.zip');
    const facts = fixture.facts({ logSeed, verifierKey: verifierKeyFor(fixture.origin, logSeed) });
    await forgeBundle(facts, { leaves, payloads: [...fixture.reader.payloads(7)], earlier: [] }, path);
    expect(bundle.check(path, { trust: false })).toEqual({ ok: true, authenticated: false });
    expect(bundle.check(path)).toEqual({ file: 'keys/log.vkey' });
  });
});
