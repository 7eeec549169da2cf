import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { entrySchema } from '../../shared/ids.ts';
import { runVerifier } from './bundle-fixture.ts';
import type { BundleFacts } from './bundle.ts';
import { canonicalText, type JsonValue } from './canonical-json.ts';
import { createRotatedLog, type RotatedLog } from './rotated-log-fixture.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { forgeBundle, recomputeSums, signSums, writeUnpacked, type UnpackedBundle } from './tampering.ts';

/** More of them: `CLOISTER_RANDOM_BUNDLES=500 npm run test:unit -- random-tampering`. */
const numRuns = Number(process.env['CLOISTER_RANDOM_BUNDLES'] ?? 12);
const timeoutMs = 60_000 + numRuns * 2000;

let bundle: TamperedBundle;
let extract: TamperedBundle;
let rotated: RotatedLog;
beforeAll(async () => {
  bundle = await createTamperedBundle();
  extract = await createTamperedBundle({
    by: 'entries',
    from: entrySchema.parse(1),
    to: entrySchema.parse(5),
  });
  rotated = createRotatedLog();
});
afterAll(() => {
  bundle.fixture.dispose();
  extract.fixture.dispose();
  rotated.dispose();
});

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** What parsers read differently, in the place of any value. Leaf members are one or two deep. */
const oddTexts = [
  ['', ' ', '[]', '{}', '[1,]', '{"a":1,"a":1}', '{"b":1,"a":1}', 'true', 'null', "'a'", '"a', '\ufeff1'],
  ['0', '1', '2', '2.0', '-0', '-1', '01', '1e3', '1.0', '0.1', '1e-7', '1e-07', '0.000001', '5e-324'],
  ['9007199254740991', '9007199254740992', '9007199254740993', '999999999999999', '1000000000000000'],
  ['12345678901234567890', '123456789012345680000', '1e21', '1e+21', '1E400', '1e-400', 'NaN', 'Infinity'],
  [String.raw`"\u0041"`, String.raw`"\ud800"`, String.raw`"\ud83d\ude00"`, '"\u2028\u007f"', '"\ufeff"'],
  [String.raw`"\u001F"`, String.raw`"\u001f"`, String.raw`"\/"`, '"MRN-0001"', '"\u0661"'],
  ['{"\ue000":1,"\ud83d\ude00":1}', '{"\ud83d\ude00":1,"\ue000":1}'],
  [nested(97), nested(98), nested(99), nested(100), nested(101), nested(3000)],
  ['"2024-02-29T00:00:00.000Z"', '"2100-02-29T00:00:00.000Z"', '"0000-02-29T00:00:00.000Z"'],
  ['"9999-12-31T23:59:59.999Z"', '"2026-11-23T24:00:00.000Z"', '"2026-11-23T23:59:60.000Z"'],
  ['"2026-13-01T00:00:00.000Z"', '"2026-00-10T00:00:00.000Z"', '"\uff12026-11-23T09:00:00.000Z"'],
  ['"prompt.submitted"', '"response.x"', '"clock.jumped-back"', '"log.key-rotated"', '"record.break-glass"'],
  ['"user.created"', '"log.viewed"', '"11111111-1111-4111-8111-111111111111"'],
  [String.raw`"11111111-1111-4111-8111-111111111111\n"`, '{"role":"sole-practitioner"}', '{"turn":null}'],
  ['{"turn":"11111111-1111-4111-8111-111111111111"}', '{"turn":["a"]}', '"sole-practitioner"'],
  [true, 1, '1'].map((intent) => canonicalText({ intent, turn: '11111111-1111-4111-8111-111111111111' })),
].flat();
const oddText = fc.constantFrom(...oddTexts);

type Place = readonly string[];
const isContainer = (value: JsonValue): value is Exclude<JsonValue, string | number | boolean | null> =>
  typeof value === 'object' && value !== null;

/** The value and each part of it, as the names that lead there. */
function placesIn(value: JsonValue, at: Place = []): Place[] {
  if (!isContainer(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([name, part]) => placesIn(part ?? null, [...at, name]))];
}

/** The canonical text of a value in which any text stands at one place. */
function withText(value: JsonValue, place: Place, text: string): string {
  const mark = '<the place>';
  const put = (part: JsonValue, [name, ...rest]: Place): JsonValue => {
    if (name === undefined) return mark;
    if (part instanceof Array) return part.map((item, at) => (String(at) === name ? put(item, rest) : item));
    const object = z.record(z.string(), z.json()).catch({}).parse(part);
    return { ...object, [name]: put(object[name] ?? null, rest) };
  };
  return canonicalText(put(value, place)).replace(`"${mark}"`, () => text);
}

const jsonOf = (text: string): JsonValue => z.json().parse(JSON.parse(text));
const pick = <T>(all: readonly T[], n: number): T | undefined => all[n % all.length];

/** `runVerifier` fails where the three of them do not say the same. */
function asked(path: string, mustFail = false): void {
  expect(mustFail ? [1] : [0, 1]).toContain(runVerifier(path, '--json').exitCode);
}

describe('AC-09 whatever is done to a bundle, the three verifiers say the same', () => {
  it(
    'of an entry that the log key signed',
    async () => {
      const how = fc.constantFrom('replace', 'add', 'insert');
      const property = fc.asyncProperty(fc.boolean(), fc.nat(), fc.nat(), oddText, how, async (...drawn) => {
        const [plain, index, place, text, change] = drawn;
        const source = plain
          ? {
              facts: bundle.fixture.facts({ clinicalText: 'withheld' }),
              leaves: bundle.lines('events.jsonl'),
            }
          : {
              facts: rotated.facts(),
              leaves: rotated.leaves().map((leaf) => Buffer.from(canonicalText(leaf))),
            };
        await askedOfLeaves(source, index % source.leaves.length, (leaf) => {
          const at = pick(placesIn(jsonOf(leaf)), place) ?? [];
          if (change === 'replace') return withText(jsonOf(leaf), at, text);
          if (change === 'add') return withText(jsonOf(leaf), [...at.slice(0, -1), 'more'], text);
          return leaf.slice(0, place % leaf.length) + text + leaf.slice(place % leaf.length);
        });
      });
      await fc.assert(property, { numRuns });
    },
    timeoutMs,
  );

  async function askedOfLeaves(
    { facts, leaves }: { readonly facts: BundleFacts; readonly leaves: readonly Buffer[] },
    index: number,
    change: (leaf: string) => string,
  ): Promise<void> {
    const changed = leaves.with(index, Buffer.from(change(String(leaves[index]))));
    const path = join(bundle.fixture.folder, `${randomUUID()}.zip`);
    await forgeBundle(facts, { leaves: changed, payloads: [], earlier: [] }, path);
    asked(path);
  }

  it.each(['full', 'extract'])(
    'of a file, whether its hash and the signature were made to fit or not, of a bundle that is: %s',
    (form) => {
      const { members: original, fixture } = form === 'full' ? bundle : extract;
      const kind = fc.constantFrom('flip', 'cut', 'insert', 'line', 'twice', 'gone', 'json', 'json');
      const resigned = fc.constantFrom('nothing', 'sums', 'signature');
      const property = fc.property(fc.nat(), kind, fc.nat(), oddText, resigned, (which, ...rest) => {
        const [change, at, text, made] = rest;
        const members: UnpackedBundle = new Map(original);
        const name = pick([...members.keys()], which) ?? '';
        const before = members.get(name) ?? Buffer.alloc(0);
        const after = changedBytes(before, change, at, text);
        members.set(name, after);
        if (made !== 'nothing' && !name.startsWith('SHA256SUMS')) recomputeSums(members);
        if (made === 'signature' && name !== 'SHA256SUMS.sshsig') signSums(members, fixture.logSeed);
        const folder = join(fixture.folder, randomUUID());
        writeUnpacked(members, folder);
        // Only who has the log key can make a change fit; whether that one shows depends on what was changed.
        asked(folder, made !== 'signature' && !after.equals(before));
      });
      fc.assert(property, { numRuns });
    },
    timeoutMs,
  );

  function changedBytes(bytes: Buffer, kind: string, at: number, text: string): Buffer {
    const place = at % Math.max(1, bytes.length);
    const lines = String(bytes).split('\n');
    const line = at % lines.length;
    const joined = (all: readonly string[]): Buffer => Buffer.from(all.join('\n'));
    if (kind === 'cut') return bytes.subarray(0, place);
    if (kind === 'insert')
      return Buffer.concat([bytes.subarray(0, place), Buffer.from(text), bytes.subarray(place)]);
    if (kind === 'line') return joined(lines.with(line, text));
    if (kind === 'twice') return joined(lines.toSpliced(line, 0, lines[line] ?? ''));
    if (kind === 'gone') return joined(lines.toSpliced(line, 1));
    if (kind === 'json' && lines[line]?.startsWith('{') === true) {
      const value = jsonOf(lines[line]);
      return joined(lines.with(line, withText(value, pick(placesIn(value), at) ?? [], text)));
    }
    const flipped = Buffer.from(bytes);
    if (flipped.length > 0) flipped.writeUInt8(flipped.readUInt8(place) ^ (1 << (at % 8)), place);
    return flipped;
  }

  it(
    'of a zip file with other bytes in its headers',
    () => {
      const zip = readFileSync(bundle.zip);
      const headers: number[] = [];
      for (let at = zip.indexOf('PK'); at >= 0; at = zip.indexOf('PK', at + 1)) headers.push(at);
      const value = fc.oneof(fc.constantFrom(0, 1, 8, 0x7f, 0x80, 0xff), fc.nat(255));
      const property = fc.property(fc.nat(), fc.nat(60), fc.constantFrom(1, 2, 4), value, (...drawn) => {
        const [which, offset, width, byte] = drawn;
        const at = Math.min((pick(headers, which) ?? 0) + offset, zip.length - width);
        const path = join(bundle.fixture.folder, `${randomUUID()}.zip`);
        writeFileSync(path, Buffer.from(zip).fill(byte, at, at + width));
        asked(path);
      });
      fc.assert(property, { numRuns });
    },
    timeoutMs,
  );
});
