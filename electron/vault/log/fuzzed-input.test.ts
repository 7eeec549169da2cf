import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runVerifier } from './bundle-fixture.ts';
import { canonicalBytes, parseCanonical } from './canonical-json.ts';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { formatVerifierKey, openNote, parseVerifierKey, signNote, verifierKeyFor } from './signed-note.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';

/** More of them: `CLOISTER_RANDOM_BUNDLES=500 npm run test:unit -- fuzzed-input`. */
const numRuns = Number(process.env['CLOISTER_RANDOM_BUNDLES'] ?? 12);
const timeoutMs = 60_000 + numRuns * 2000;

describe('whatever bytes come, a parser answers, and takes nothing but the one canonical form', () => {
  const seed = Buffer.alloc(32, 7);
  const key = verifierKeyFor('log.example', seed);
  const note = signNote(
    formatCheckpoint({ origin: 'log.example', size: 7, rootHash: Buffer.alloc(32, 3) }),
    'log.example',
    seed,
  );
  const anyText = fc.string({ unit: 'binary', maxLength: 400 });
  /** A good text with a few characters put in, taken out or exchanged. */
  const nearly = (good: string) =>
    fc
      .array(fc.tuple(fc.nat(good.length), fc.nat(2), fc.string({ unit: 'binary', maxLength: 3 })), {
        minLength: 1,
        maxLength: 3,
      })
      .map((changes) =>
        changes.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), good),
      );

  it('a signed note', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, nearly(note)), (text) => {
        const opened = openNote(text, key);
        // Only what was signed has a signature; another signature line may stand beside it.
        if (opened.ok) expect(note.startsWith(`${opened.value}\n`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('a verifier key, and a checkpoint', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, nearly(key)), (text) => {
        const parsed = parseVerifierKey(text);
        if (parsed !== null) expect(formatVerifierKey(parsed.name, parsed.publicKey)).toBe(text);
      }),
      { numRuns: 2000 },
    );
    const [body = ''] = note.split('\n\n');
    fc.assert(
      fc.property(fc.oneof(anyText, nearly(`${body}\n`)), (text) => {
        const parsed = parseCheckpoint(text);
        if (parsed.ok) expect(formatCheckpoint(parsed.value)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('canonical JSON', () => {
    const json = fc.json({ maxDepth: 4 });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      json.map((text) => new TextEncoder().encode(text)),
      json.chain(nearly).map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        const parsed = parseCanonical(input);
        if (parsed.ok)
          expect(Buffer.from(canonicalBytes(z.json().parse(parsed.value)))).toEqual(Buffer.from(input));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('AC-09 a zip file that is not as Cloister wrote it is refused with a sentence, by all three verifiers', () => {
  let bundle: TamperedBundle;
  let whole: Buffer;
  beforeAll(async () => {
    bundle = await createTamperedBundle();
    whole = readFileSync(bundle.zip);
  });
  afterAll(() => {
    bundle.fixture.dispose();
  });

  /** The sentence, where it is refused as it must be. */
  function refusalOf(bytes: Buffer, ...words: readonly string[]): string {
    const path = join(bundle.fixture.folder, 'fuzzed.zip');
    writeFileSync(path, bytes);
    const { exitCode, out } = runVerifier(path, '--json', ...words);
    const said = z.object({ ok: z.boolean(), problem: z.string().optional() }).parse(JSON.parse(out));
    expect([exitCode, said.ok]).toEqual([1, false]);
    return said.problem ?? '';
  }
  const isSentence = (text: string): boolean =>
    /^[a-zA-Z].{5,200}$/.test(text) && !/undefined|null|Error/.test(text);
  const everywhere = (from: string, to: string): Buffer =>
    Buffer.from(whole.toString('latin1').replaceAll(from, to), 'latin1');

  it(
    'cut off anywhere, or with a bit of it turned',
    () => {
      const property = fc.property(fc.nat(whole.length - 1), fc.boolean(), fc.nat(7), (at, isCut, bit) => {
        const bytes = Buffer.from(isCut ? whole.subarray(0, at) : whole);
        if (!isCut) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        // Times, modes and version numbers are nobody's business; the content is the same then.
        const path = join(bundle.fixture.folder, 'fuzzed.zip');
        writeFileSync(path, bytes);
        const { exitCode, out } = runVerifier(path, '--json');
        const said = z.object({ ok: z.boolean(), problem: z.string().optional() }).parse(JSON.parse(out));
        expect([0, 1]).toContain(exitCode);
        if (isCut || exitCode === 1) expect([exitCode, isSentence(said.problem ?? '')]).toEqual([1, true]);
        else expect(said.ok).toBe(true);
      });
      fc.assert(property, { numRuns });
    },
    timeoutMs,
  );

  it(
    'with a name that leads out of the folder, is not one, or stands twice',
    () => {
      const twelve = 'summary.html';
      const parts = fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        'a',
        ' ',
        '\0',
        'C:',
        '%2e',
        '\u00e4',
        '\u2215',
        '~',
      );
      const name = fc
        .array(parts, { minLength: 12, maxLength: 12 })
        .map((some) => some.join('').slice(0, twelve.length))
        .filter(
          (text) =>
            !/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(text) || /(?:^|\/)\.\.?(?:\/|$)/.test(text),
        );
      const hostile = fc.oneof(
        name,
        fc.constantFrom('events.jsonl', '/etc/passwd0', '../../ab.txt', 'a/../b/c.txt'),
      );
      fc.assert(
        fc.property(hostile, (text) => {
          expect(
            isSentence(refusalOf(everywhere(twelve, Buffer.from(text).toString('latin1').slice(0, 12)))),
          ).toBe(true);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  it(
    'for another key, and of another origin',
    () => {
      const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
      const keyFile = join(bundle.fixture.folder, 'another.vkey');
      const { origin } = bundle.fixture;
      fc.assert(
        fc.property(key, fc.boolean(), (seed, isOrigin) => {
          const name = isOrigin ? origin.replace(/\/\d+$/, '/7') : origin;
          writeFileSync(keyFile, `${verifierKeyFor(name, isOrigin ? bundle.fixture.logSeed : seed)}\n`);
          expect(isSentence(refusalOf(whole, '--key', keyFile))).toBe(true);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );
});
