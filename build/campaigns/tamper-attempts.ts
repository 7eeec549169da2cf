import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { TamperedBundle } from '../../electron/vault/log/tampered-bundle.ts';
import {
  forgeBundle,
  readUnpacked,
  recomputeSums,
  signSums,
  writeUnpacked,
  type UnpackedBundle,
} from '../../electron/vault/log/tampering.ts';
import { below, flipped, pick, type Expected, type Random } from './tampering-verdict.ts';

export type Attempt = {
  readonly what: string;
  readonly expected: Expected;
  /** What the verifier is given. */
  write(path: string): Promise<void> | void;
};

/** Each draws what it changes when it is called. */
export function attemptsOf(bundle: TamperedBundle, original: UnpackedBundle, zip: Buffer) {
  const names = [...original.keys()];
  const leaves = bundle.lines('events.jsonl');
  const payloads = bundle.lines('payloads.jsonl');
  const joined = (lines: readonly Uint8Array[]): Buffer =>
    Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const { logSeed } = bundle.fixture;

  /** With the list of hashes as it was, or made to fit. */
  function files(
    what: string,
    expected: Expected,
    change: (members: UnpackedBundle) => void,
    made: 'left' | 'sums' | 'signed',
  ): Attempt {
    return {
      what,
      expected,
      write(path) {
        const members: UnpackedBundle = new Map(original);
        change(members);
        if (made !== 'left') recomputeSums(members);
        if (made === 'signed') signSums(members, logSeed);
        writeUnpacked(members, path);
      },
    };
  }
  const sumsOrNot = (random: Random): 'left' | 'sums' => pick(random, ['left', 'sums'] as const);
  const ofLeaves = (what: string, random: Random, entry: number, changed: readonly Uint8Array[]): Attempt =>
    files(what, { entry }, (members) => members.set('events.jsonl', joined(changed)), sumsOrNot(random));

  return [
    (random: Random) => {
      const name = pick(
        random,
        names.filter((each) => each !== 'events.jsonl' && each !== 'payloads.jsonl'),
      );
      const flip = (members: UnpackedBundle): void => {
        members.set(name, flipped(random, members.get(name) ?? Buffer.alloc(1)));
      };
      return files('one bit of a file', name.startsWith('SHA256SUMS') ? {} : { file: name }, flip, 'left');
    },
    (random: Random) => {
      const name = pick(
        random,
        names.filter((each) => !each.startsWith('SHA256SUMS')),
      );
      const gone = (members: UnpackedBundle): void => void members.delete(name);
      return files('a file missing', {}, gone, sumsOrNot(random));
    },
    (random: Random) => {
      const name = `extra-${below(random, 1000)}.txt`;
      const more = (members: UnpackedBundle): void => void members.set(name, Buffer.from('made up\n'));
      return files('a file more', {}, more, sumsOrNot(random));
    },
    (random: Random) => {
      const entry = below(random, leaves.length);
      const line = flipped(random, leaves[entry] ?? Buffer.alloc(1));
      // A line that was split in two is one more.
      if (line.includes(0x0a)) line[line.indexOf(0x0a)] = 0x20;
      return ofLeaves('one bit of an entry', random, entry, leaves.with(entry, line));
    },
    (random: Random) => {
      const entry = below(random, leaves.length - 1);
      return ofLeaves('an entry removed', random, entry, leaves.toSpliced(entry, 1));
    },
    (random: Random) => {
      const entry = below(random, leaves.length);
      const line = leaves[entry] ?? Buffer.alloc(0);
      return ofLeaves('an entry twice', random, entry + 1, leaves.toSpliced(entry, 0, line));
    },
    (random: Random) => {
      const [a, b] = twoOf(random, leaves.length);
      const changed = leaves.with(a, leaves[b] ?? Buffer.alloc(0)).with(b, leaves[a] ?? Buffer.alloc(0));
      return ofLeaves('two entries exchanged', random, a, changed);
    },
    (random: Random) => {
      const left = 1 + below(random, leaves.length - 1);
      return files(
        'the end cut off',
        {},
        (members) => members.set('events.jsonl', joined(leaves.slice(0, left))),
        sumsOrNot(random),
      );
    },
    (random: Random) => {
      const line = below(random, payloads.length);
      const entry = z.object({ index: z.int() }).parse(JSON.parse(String(payloads[line]))).index;
      const text = String(payloads[line]).replace(/"text":"./, `"text":"${pick(random, ['#', '+', '~'])}`);
      const change = (members: UnpackedBundle): void =>
        void members.set('payloads.jsonl', joined(payloads.with(line, Buffer.from(text))));
      return files('another text for an entry', { entry }, change, sumsOrNot(random));
    },
    (random: Random) => {
      const line = below(random, payloads.length);
      const change = (members: UnpackedBundle): void =>
        void members.set('payloads.jsonl', joined(payloads.toSpliced(line, 1)));
      const entry = z.object({ index: z.int() }).parse(JSON.parse(String(payloads[line]))).index;
      return files('a text removed', { entry }, change, sumsOrNot(random));
    },
    (random: Random) => {
      const [a, b] = twoOf(random, payloads.length);
      const parts = [a, b].map((at) =>
        z
          .object({ field: z.string(), index: z.int(), salt: z.string(), text: z.string() })
          .parse(JSON.parse(String(payloads[at]))),
      );
      const [first, second] = parts;
      if (first === undefined || second === undefined) throw new Error('no texts');
      const swapped = [
        { field: first.field, index: first.index, salt: second.salt, text: second.text },
        { field: second.field, index: second.index, salt: first.salt, text: first.text },
      ].map((each) => Buffer.from(JSON.stringify(each)));
      const change = (members: UnpackedBundle): void => {
        const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = swapped;
        members.set('payloads.jsonl', joined(payloads.with(a, one).with(b, two)));
      };
      return files('the texts of two entries exchanged', { entry: first.index }, change, sumsOrNot(random));
    },
    (random: Random): Attempt => {
      const at = below(random, zip.length);
      return {
        what: 'the zip file cut off',
        expected: {},
        write: (path) => {
          writeFileSync(path, zip.subarray(0, at));
        },
      };
    },
    (): Attempt => ({
      what: 'all of it signed by another key',
      expected: {},
      write(path) {
        const before = new Map(bundle.members);
        bundle.signByForeignKey();
        writeUnpacked(bundle.members, path);
        for (const [name, bytes] of before) bundle.members.set(name, bytes);
      },
    }),
    (random: Random): Attempt => {
      const entry = 3 + below(random, leaves.length - 3);
      const text = String(leaves[entry]).replace(
        /"characters":\d+/,
        `"characters":${10 + below(random, 9999)}`,
      );
      return {
        what: 'an entry and its tiles, with the checkpoint left as it was',
        expected: { entry },
        async write(path) {
          const forged = `${path}.zip`;
          const changed = leaves.with(entry, Buffer.from(text));
          await forgeBundle(
            bundle.fixture.facts(),
            { leaves: changed, payloads: [...bundle.fixture.reader.payloads(leaves.length)], earlier: [] },
            forged,
          );
          const other = await unpacked(forged);
          const members: UnpackedBundle = new Map(original);
          for (const [name, bytes] of other)
            if (name.startsWith('log/tile/') || name === 'events.jsonl') members.set(name, bytes);
          recomputeSums(members);
          writeUnpacked(members, path);
          rmSync(forged);
        },
      };
    },
    (random: Random): Attempt => {
      const entry = 3 + below(random, leaves.length - 3);
      const text = String(leaves[entry]).replace(
        /"characters":\d+/,
        `"characters":${10 + below(random, 9999)}`,
      );
      return {
        what: 'the record written anew with the log key itself',
        expected: {},
        async write(path) {
          await forgeBundle(
            bundle.fixture.facts(),
            {
              leaves: leaves.with(entry, Buffer.from(text)),
              payloads: [...bundle.fixture.reader.payloads(leaves.length)],
              earlier: [],
            },
            path,
          );
        },
      };
    },
    (random: Random): Attempt => {
      const left = 1 + below(random, leaves.length - 1);
      return {
        what: 'the end cut off with the log key itself',
        expected: {},
        async write(path) {
          await forgeBundle(
            bundle.fixture.facts(),
            {
              leaves: leaves.slice(0, left),
              payloads: [...bundle.fixture.reader.payloads(left)],
              earlier: [],
            },
            path,
          );
        },
      };
    },
  ];
}

async function unpacked(zip: string): Promise<UnpackedBundle> {
  const folder = `${zip}-${randomBytes(6).toString('hex')}`;
  const child = spawn('unzip', ['-q', zip, '-d', folder], { stdio: 'ignore' });
  await new Promise((done) => child.on('close', done));
  const members = readUnpacked(folder);
  rmSync(folder, { recursive: true });
  return members;
}

function twoOf(random: Random, end: number): readonly [number, number] {
  const first = below(random, end - 1);
  return [first, first + 1 + below(random, end - first - 1)];
}
