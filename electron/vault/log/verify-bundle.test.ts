import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFileSync, createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { createBundleFixture, publicKeyOfLog, runVerifier, type BundleFixture } from './bundle-fixture.ts';
import { canonicalBytes } from './canonical-json.ts';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { publicKeyOf } from './ed25519.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { logKeyFingerprint, logKeyHash } from './log-key.ts';
import { openNote, signNote, verifierKeyFor } from './signed-note.ts';
import { allowedSignersLine } from './sshsig.ts';
import {
  flipBit,
  forgeBundle,
  readUnpacked,
  recomputeSums,
  signSums,
  writeUnpacked,
  type UnpackedBundle,
} from './tampering.ts';

const parse = (text: string) => z.json().parse(JSON.parse(text));
const payloadSchema = z.strictObject({
  index: z.int(),
  field: z.string(),
  salt: z.string(),
  text: z.string(),
});
const turn = '11111111-1111-4111-8111-111111111111';

/** Leaves: 0 log.created, 1 prompt.submitted, 2 response.completed, 3 to 6 clipboard.copied; kept checkpoint at 3. */
let fixture: BundleFixture;
let zip: string;
let members: UnpackedBundle;
beforeEach(async () => {
  fixture = createBundleFixture();
  fixture.appendTurn(turn);
  fixture.log.keepCheckpoint(3);
  fixture.appendCopies(4);
  zip = await fixture.write('bundle.zip');
  const folder = join(fixture.folder, 'original');
  mkdirSync(folder);
  spawnSync('unzip', ['-q', zip, '-d', folder]);
  members = readUnpacked(folder);
});
afterEach(() => {
  fixture.dispose();
});

/** The verifier's finding, with the fixture's own fingerprint as the trusted key unless told otherwise. */
function check(path: string, { trust = true }: { readonly trust?: boolean } = {}): unknown {
  const key = join(fixture.folder, 'trusted');
  writeFileSync(key, `${logKeyFingerprint(publicKeyOfLog(fixture))}\n`);
  const run = runVerifier(path, '--json', ...(trust ? ['--key', key] : []));
  expect(run.problems).toBe('');
  const found: {
    ok?: boolean;
    entry?: number;
    file?: string;
    range?: readonly number[];
    authenticated?: boolean;
  } = JSON.parse(run.out);
  expect(run.exitCode).toBe(found.ok === true ? 0 : 1);
  if (found.ok === true) return { ok: true, authenticated: found.authenticated };
  return {
    ...(found.entry === undefined ? {} : { entry: found.entry }),
    ...(found.range === undefined ? {} : { range: found.range }),
    file: found.file,
  };
}

function checkMembers(options?: { readonly trust?: boolean }): unknown {
  const folder = join(fixture.folder, randomUUID());
  writeUnpacked(members, folder);
  return check(folder, options);
}

function lines(name: string): Buffer[] {
  return String(members.get(name))
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line));
}

function setLines(name: string, content: readonly Buffer[]): void {
  members.set(name, Buffer.concat(content.flatMap((line) => [line, Buffer.from('\n')])));
}

/** Everything signed again by another key, over the same tree. */
function signByForeignKey(): void {
  const seed = randomBytes(32);
  const again = (note: string): string => {
    const opened = openNote(note, fixture.facts().verifierKey);
    const body = parseCheckpoint(opened.ok ? opened.value : '');
    return body.ok ? signNote(formatCheckpoint(body.value), fixture.origin, seed) : note;
  };
  members.set('log/checkpoint', Buffer.from(again(String(members.get('log/checkpoint')))));
  const earlier = String(members.get('checkpoints.txt')).split('----\n').slice(0, -1);
  members.set('checkpoints.txt', Buffer.from(earlier.map((note) => `${again(note)}----\n`).join('')));
  members.set('keys/log.vkey', Buffer.from(`${verifierKeyFor(fixture.origin, seed)}\n`));
  members.set('keys/allowed_signers', Buffer.from(allowedSignersLine(publicKeyOf(seed))));
  recomputeSums(members);
  signSums(members, seed);
}

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
] as const;

/** Line of a member in which a byte stands, from 0. */
function lineAt(name: string, offset: number): number {
  return String(members.get(name)?.subarray(0, offset).toString('latin1')).split('\n').length - 1;
}

describe('one flipped bit', () => {
  it('is found nowhere in the bundle as it was written', () => {
    expect([...members.keys()].filter((name) => !name.startsWith('SHA256SUMS'))).toEqual(
      [...kinds].toSorted(),
    );
    expect(checkMembers()).toEqual({ ok: true, authenticated: true });
  });

  it.each(kinds)('in %s is found, and named, where the list of hashes was left alone', (name) => {
    const line = lineAt(name, flipBit(members, name));
    const payload = { file: `payloads.jsonl line ${line + 1}` };
    const expected =
      name === 'events.jsonl'
        ? { entry: line, file: name }
        : name === 'payloads.jsonl'
          ? payload
          : { file: name };
    expect(checkMembers()).toEqual(expect.objectContaining(expected));
  });

  it.each(kinds)('in %s is found where the list of hashes was made to fit', (name) => {
    const line = lineAt(name, flipBit(members, name));
    recomputeSums(members);
    const signatureOnly = ['README.txt', 'manifest.json', 'inventory.json', 'keys/allowed_signers'].includes(
      name,
    );
    const named = signatureOnly
      ? { file: 'SHA256SUMS.sshsig' }
      : name === 'payloads.jsonl'
        ? { file: `payloads.jsonl line ${line + 1}` }
        : { file: name };
    expect(checkMembers()).toEqual(
      expect.objectContaining(name === 'events.jsonl' ? { entry: line, file: name } : named),
    );
  });

  it.each(kinds)('in %s is found by the trusted key where another key signed everything again', (name) => {
    flipBit(members, name);
    signByForeignKey();
    expect(checkMembers()).toEqual({ file: 'keys/log.vkey' });
  });

  it.each(['SHA256SUMS', 'SHA256SUMS.sshsig'])('in %s breaks the signature', (name) => {
    flipBit(members, name);
    expect(checkMembers()).toEqual({ file: 'SHA256SUMS.sshsig' });
  });

  it('in the middle of the zip file is found', () => {
    const bytes = readFileSync(zip);
    for (let step = 1; step < 12; step += 1) {
      const at = Math.floor((bytes.length * step) / 12);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const path = join(fixture.folder, `flipped-${step}.zip`);
      writeFileSync(path, flipped);
      expect({ at, found: check(path) }).toEqual({
        at,
        found: expect.objectContaining({ file: expect.any(String) }),
      });
    }
  });
});

describe('the entries', () => {
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
    setLines('events.jsonl', change(lines('events.jsonl')));
    expect(checkMembers()).toEqual({ entry, file: 'events.jsonl' });
    recomputeSums(members);
    expect(checkMembers()).toEqual({ entry, file: 'events.jsonl' });
  });

  it('say in words that the list of hashes fails too', () => {
    setLines('events.jsonl', lines('events.jsonl').toSpliced(4, 1));
    const folder = join(fixture.folder, 'words');
    writeUnpacked(members, folder);
    expect(runVerifier(folder).out).toBe(
      'BAD at entry 4 (events.jsonl): entry 5 stands in its place; SHA256SUMS does not fit events.jsonl\n',
    );
  });

  it('are narrowed down to the checkpoints where the tiles were changed along', () => {
    setLines('events.jsonl', lines('events.jsonl').with(5, Buffer.from('{}')));
    members.set('log/tile/0/000.p/7', Buffer.alloc(7 * 32));
    recomputeSums(members);
    expect(checkMembers()).toEqual({ range: [3, 6], file: 'events.jsonl' });
  });

  it('whose last line lost its end are refused', () => {
    members.set('events.jsonl', Buffer.from(members.get('events.jsonl') ?? '').subarray(0, -1));
    expect(checkMembers()).toEqual({ file: 'events.jsonl' });
  });
});

describe('the checkpoints', () => {
  it('cut back to an older one that was really signed', () => {
    members.set('log/checkpoint', Buffer.from(fixture.reader.checkpoint(3) ?? ''));
    recomputeSums(members);
    expect(checkMembers()).toEqual({ entry: 3, file: 'events.jsonl' });
  });

  it('an earlier one of another history is named with its range', async () => {
    const other = formatCheckpoint({ origin: fixture.origin, size: 3, rootHash: Buffer.alloc(32, 7) });
    const earlier = [{ size: 3, note: signNote(other, fixture.origin, fixture.logSeed) }];
    const path = join(fixture.folder, 'forged.zip');
    await forgeBundle(fixture.facts(), { leaves: lines('events.jsonl'), payloads: [], earlier }, path);
    expect(check(path)).toEqual({ range: [0, 2], file: 'checkpoints.txt' });
  });

  it('something behind the last of them is refused', () => {
    members.set(
      'checkpoints.txt',
      Buffer.concat([members.get('checkpoints.txt') ?? Buffer.alloc(0), Buffer.from('more\n')]),
    );
    expect(checkMembers()).toEqual({ file: 'checkpoints.txt' });
  });
});

describe('the keys', () => {
  it('swapped for another record’s break the checkpoint', () => {
    members.set('keys/log.vkey', Buffer.from(`${verifierKeyFor(fixture.origin, randomBytes(32))}\n`));
    recomputeSums(members);
    expect(checkMembers({ trust: false })).toEqual({ file: 'log/checkpoint' });
    expect(checkMembers()).toEqual({ file: 'keys/log.vkey' });
  });

  it('swapped with everything signed again contradict the first entry even where no key was given', () => {
    signByForeignKey();
    expect(checkMembers({ trust: false })).toEqual({ entry: 0, file: 'events.jsonl' });
  });

  it('a whole record written anew under another key is consistent alone and is found by the trusted key', async () => {
    const logSeed = randomBytes(32);
    const [first] = events();
    const leaves = lines('events.jsonl');
    if (first !== undefined)
      leaves[0] = canonicalBytes({
        ...first,
        data: { ...first.data, logKey: logKeyHash(logSeed) },
      }) as Buffer;
    const path = join(fixture.folder, 'anew.zip');
    const facts = fixture.facts({ logSeed, verifierKey: verifierKeyFor(fixture.origin, logSeed) });
    await forgeBundle(facts, { leaves, payloads: [...fixture.reader.payloads(7)], earlier: [] }, path);
    expect(check(path, { trust: false })).toEqual({ ok: true, authenticated: false });
    expect(check(path)).toEqual({ file: 'keys/log.vkey' });
  });
});

function events(): LeafEnvelope[] {
  return lines('events.jsonl').map((line) => leafEnvelopeSchema.parse(JSON.parse(String(line))));
}

describe('a record that the log key signed and that breaks its own rules', () => {
  async function forge(change: (all: LeafEnvelope[]) => readonly unknown[]): Promise<unknown> {
    const leaves = change(events()).map((event) =>
      Buffer.isBuffer(event) ? event : Buffer.from(canonicalBytes(parse(JSON.stringify(event)))),
    );
    const path = join(fixture.folder, `${randomUUID()}.zip`);
    await forgeBundle(
      fixture.facts({ clinicalText: 'withheld' }),
      { leaves, payloads: [], earlier: [] },
      path,
    );
    return check(path);
  }
  const numbered = (all: readonly LeafEnvelope[]) => all.map((event, seq) => ({ ...event, seq }));

  it('is accepted where it keeps them', async () => {
    expect(await forge((all) => all)).toEqual({ ok: true, authenticated: true });
  });

  it.each([
    [
      'an entry that says another place',
      4,
      (all: LeafEnvelope[]) => all.map((event) => (event.seq === 4 ? { ...event, seq: 5 } : event)),
    ],
    [
      'a clock that went back without a word',
      5,
      (all: LeafEnvelope[]) =>
        all.map((event) => (event.seq === 5 ? { ...event, at: '2026-11-23T08:00:00.000Z' } : event)),
    ],
    [
      'a time that is none',
      2,
      (all: LeafEnvelope[]) => all.map((event) => (event.seq === 2 ? { ...event, at: 'yesterday' } : event)),
    ],
    ['an answer without its request', 1, (all: LeafEnvelope[]) => numbered(all.toSpliced(1, 1))],
    [
      'a second answer to one request',
      3,
      (all: LeafEnvelope[]) => numbered(all.toSpliced(3, 0, ...all.slice(2, 3))),
    ],
    [
      'a second request of one number',
      3,
      (all: LeafEnvelope[]) => numbered(all.toSpliced(3, 0, ...all.slice(1, 2))),
    ],
    [
      'an entry that is not canonical',
      6,
      (all: LeafEnvelope[]) => all.with(6, Buffer.from(`${JSON.stringify(all[6])} `) as never),
    ],
    ['an entry that is no object', 3, (all: LeafEnvelope[]) => all.with(3, Buffer.from('null') as never)],
    [
      'an entry with a lone surrogate',
      3,
      (all: LeafEnvelope[]) => all.with(3, Buffer.from('{"at":"\\ud800"}') as never),
    ],
    [
      'an entry with a doubled member',
      3,
      (all: LeafEnvelope[]) => all.with(3, Buffer.from('{"a":1,"a":1}') as never),
    ],
    [
      'a first entry of another record',
      0,
      (all: LeafEnvelope[]) =>
        all.map((event) =>
          event.seq === 0
            ? { ...event, data: { ...event.data, epoch: 0, origin: 'cloister.other.example/x/0' } }
            : event,
        ),
    ],
  ])('%s is named by its index', async (_, entry, change) => {
    expect(await forge(change)).toEqual({ entry, file: 'events.jsonl' });
  });

  it('a jump of the clock is accepted only with its true size', async () => {
    fixture.clock.set(fixture.clock.nowMs() - 60_000);
    fixture.appendCopies(1);
    const path = await fixture.write('jumped.zip');
    expect(check(path)).toEqual({ ok: true, authenticated: true });
    const leaves = [...fixture.reader.leaves(9)].map(({ bytes }) =>
      leafEnvelopeSchema.parse(JSON.parse(String(bytes))),
    );
    const [jump] = leaves.slice(7);
    expect(jump).toMatchObject({ event: 'clock.jumped-back', data: { byMs: 59_000 } });
    const told = leaves.map((leaf) => (leaf === jump ? { ...leaf, data: { byMs: 5000 } } : leaf));
    expect(await forge(() => told)).toEqual({ entry: 7, file: 'events.jsonl' });
  });
});

describe('the clinical texts', () => {
  function changePayload(line: number, change: Partial<z.infer<typeof payloadSchema>>): void {
    const all = lines('payloads.jsonl');
    const payload = payloadSchema.parse(JSON.parse(String(all[line])));
    setLines('payloads.jsonl', all.with(line, Buffer.from(canonicalBytes({ ...payload, ...change }))));
    recomputeSums(members);
    signSums(members, fixture.logSeed);
  }

  it('a changed one is named by its entry', () => {
    changePayload(2, { text: 'other words' });
    expect(checkMembers()).toEqual({ entry: 1, file: 'payloads.jsonl line 3' });
  });

  it('two that were swapped are named by the first', () => {
    const [fifth, sixth] = lines('payloads.jsonl')
      .slice(4)
      .map((line) => payloadSchema.parse(JSON.parse(String(line))));
    changePayload(4, { text: sixth?.text ?? '', salt: sixth?.salt ?? '' });
    changePayload(5, { text: fifth?.text ?? '', salt: fifth?.salt ?? '' });
    expect(checkMembers()).toEqual({ entry: 3, file: 'payloads.jsonl line 5' });
  });

  it('one under a field that its entry does not commit to is refused', () => {
    changePayload(0, { field: 'organisationNome' });
    expect(checkMembers()).toEqual({ entry: 0, file: 'payloads.jsonl line 1' });
  });

  it('one that stands twice is refused', () => {
    const all = lines('payloads.jsonl');
    setLines('payloads.jsonl', all.toSpliced(1, 0, ...all.slice(0, 1)));
    expect(checkMembers()).toEqual({ entry: 0, file: 'payloads.jsonl line 2' });
  });

  it('one left out of a bundle that says it has them all is refused', () => {
    setLines('payloads.jsonl', lines('payloads.jsonl').toSpliced(3, 1));
    recomputeSums(members);
    signSums(members, fixture.logSeed);
    expect(checkMembers()).toEqual({ entry: 2, file: 'payloads.jsonl line 4' });
  });
});

describe('the files', () => {
  it.each([
    'README.txt',
    'manifest.json',
    'inventory.json',
    'events.jsonl',
    'payloads.jsonl',
    'log/checkpoint',
    'log/tile/0/000.p/7',
    'SHA256SUMS',
  ])('%s is missed', (name) => {
    members.delete(name);
    expect(checkMembers()).toEqual(expect.objectContaining({ file: name }));
  });

  it('one that the list does not name is refused', () => {
    members.set('report.html', Buffer.from('<p>All is well.</p>'));
    expect(checkMembers()).toEqual({ file: 'report.html' });
  });

  it('a tile that this tree has not is refused even where the list names it and is signed', () => {
    members.set('log/tile/0/001.p/1', Buffer.alloc(32));
    recomputeSums(members);
    signSums(members, fixture.logSeed);
    expect(checkMembers()).toEqual({ file: 'log/tile/0/001.p/1' });
  });

  it.each([
    ['treeSize', { treeSize: 8 }],
    ['range', { range: { from: 1, to: 6 } }],
    ['previousCheckpoint', { previousCheckpoint: null }],
    ['clinicalText', { clinicalText: 'withheld' }],
    ['origin', { origin: 'cloister.other.example/x/0' }],
    ['format', { format: 'cloister-audit-bundle/2' }],
  ])('a manifest that is signed and wrong about its %s is refused', (_, change) => {
    const manifest = z.record(z.string(), z.json()).parse(JSON.parse(String(members.get('manifest.json'))));
    members.set(
      'manifest.json',
      Buffer.from(`${Buffer.from(canonicalBytes({ ...manifest, ...change })).toString()}\n`),
    );
    recomputeSums(members);
    signSums(members, fixture.logSeed);
    expect(checkMembers()).toEqual({ file: 'manifest.json' });
  });
});

describe('the zip file', () => {
  /** Writes the zip file with some of its bytes changed. */
  function changed(change: (bytes: Buffer) => Buffer | undefined): string {
    const bytes = readFileSync(zip);
    const path = join(fixture.folder, `${randomUUID()}.zip`);
    writeFileSync(path, change(bytes) ?? bytes);
    return path;
  }
  const everywhere = (bytes: Buffer, from: string, to: string): Buffer =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

  it('with something behind its end is refused', () => {
    appendFileSync(zip, 'x');
    expect(check(zip)).toEqual({ file: 'the zip file' });
  });

  it.each([
    ['something before its beginning', (bytes: Buffer) => Buffer.concat([Buffer.from('junk'), bytes])],
    ['its end cut off', (bytes: Buffer) => bytes.subarray(0, -200)],
    ['nothing in it', () => Buffer.alloc(0)],
  ])('with %s is refused', (_, change) => {
    expect(check(changed(change))).toEqual({ file: 'the zip file' });
  });

  it('with a name that leaves the folder is refused', () => {
    expect(check(changed((bytes) => everywhere(bytes, 'inventory.json', '../entory.json')))).toEqual({
      file: '"../entory.json"',
    });
  });

  it('with two members of one name is refused', () => {
    expect(check(changed((bytes) => everywhere(bytes, 'keys/log.vkey', 'manifest.json')))).toEqual({
      file: 'manifest.json',
    });
  });

  it('whose two headers of a member differ is refused', () => {
    const path = changed((bytes) => {
      bytes.write('manifest.jsom', bytes.indexOf('manifest.json{'));
      return undefined;
    });
    expect(check(path)).toEqual({ file: 'manifest.json' });
  });

  it('with a member that is marked as encrypted is refused', () => {
    const path = changed((bytes) => {
      for (const [signature, flagsAt, nameAt] of [
        ['PK\x03\x04', 6, 30],
        ['PK\x01\x02', 8, 46],
      ] as const) {
        for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 1)) {
          if (bytes.toString('latin1', at + nameAt, at + nameAt + 13) === 'manifest.json')
            bytes.writeUInt8(bytes.readUInt8(at + flagsAt) | 1, at + flagsAt);
        }
      }
      return undefined;
    });
    expect(check(path)).toEqual({ file: 'manifest.json' });
  });

  it('in the ZIP64 form of large bundles verifies, and is refused where its two end records differ', async () => {
    const path = join(fixture.folder, 'wide.zip');
    const wide = new ZipFile();
    const written = pipeline(wide.outputStream, createWriteStream(path));
    for (const [name, bytes] of members)
      wide.addReadStream(Readable.from([bytes], { objectMode: false }), name, {
        compress: false,
        forceZip64Format: true,
        forceDosTimestamp: true,
      });
    wide.end({ forceZip64Format: true, comment: '' });
    await written;
    expect(check(path)).toEqual({ ok: true, authenticated: true });
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(3, bytes.length - 22 + 10);
    writeFileSync(path, bytes);
    expect(check(path)).toEqual({ file: 'the zip file' });
  });

  it('that was packed anew with compression is refused, and verifies once it is unpacked', () => {
    const path = join(fixture.folder, 'packed.zip');
    const run = spawnSync('python3', [
      '-c',
      'import shutil,sys; shutil.make_archive(sys.argv[1][:-4], "zip", sys.argv[2])',
      path,
      join(fixture.folder, 'original'),
    ]);
    expect(run.status).toBe(0);
    expect(check(path)).toEqual(expect.objectContaining({ file: expect.any(String) }));
    expect(check(join(fixture.folder, 'original'))).toEqual({ ok: true, authenticated: true });
  });
});
