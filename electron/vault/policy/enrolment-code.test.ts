import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnrolmentCode, parseEnrolmentCode } from './enrolment-code.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codes = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => createEnrolmentCode(() => bytes));
const character = fc.constantFrom(...alphabet);
const place = fc.nat({ max: 21 });

function withCharacter(code: string, index: number, replacement: string): string {
  return `${code.slice(0, index)}${replacement}${code.slice(index + 1)}`;
}

const refused = {
  ok: false,
  error: { code: 'invalid-input', message: expect.stringContaining('one-time code') },
};

describe('a one-time code', () => {
  it('has 100 random bits, two check characters and groups of four', () => {
    const code = createEnrolmentCode((bytes) => Uint8Array.from({ length: bytes }, (_, index) => 31 - index));
    // 31 × 32^19 + 30 × 32^18 + ... + 12 modulo 1021 is 1008 = 31 × 32 + 16.
    expect(code).toEqual({ normalised: 'ZYXWVTSRQPNMKJHGFEDCZG', printed: 'ZYXW-VTSR-QPNM-KJHG-FEDC-ZG' });
  });

  it('is another one each time', () => {
    const made = Array.from({ length: 100 }, () => createEnrolmentCode().normalised);
    expect(new Set(made).size).toBe(100);
  });

  it('is read as people type it', () => {
    fc.assert(
      fc.property(codes, ({ normalised, printed }) => {
        const asTyped = [
          printed,
          normalised,
          printed.toLowerCase(),
          printed.replace(/-/g, ' '),
          printed.replace(/-/g, '\u2013'),
          ` ${printed}\n`,
          printed.replace(/0/g, 'O').replace(/1/g, 'I'),
          printed.replace(/0/g, 'o').replace(/1/g, 'l'),
        ];
        expect(asTyped.map((typed) => parseEnrolmentCode(typed))).toEqual(
          asTyped.map(() => ({ ok: true, value: normalised })),
        );
      }),
    );
  });

  it('with one wrong character is refused', () => {
    fc.assert(
      fc.property(codes, place, character, ({ normalised }, index, replacement) => {
        fc.pre(normalised[index] !== replacement);
        expect(parseEnrolmentCode(withCharacter(normalised, index, replacement))).toEqual(refused);
      }),
      { numRuns: 2000 },
    );
  });

  it('with two neighbours exchanged is refused', () => {
    fc.assert(
      fc.property(codes, fc.nat({ max: 20 }), ({ normalised }, index) => {
        const [first = '', second = ''] = normalised.slice(index, index + 2);
        fc.pre(first !== second);
        const exchanged = `${normalised.slice(0, index)}${second}${first}${normalised.slice(index + 2)}`;
        expect(parseEnrolmentCode(exchanged)).toEqual(refused);
      }),
      { numRuns: 2000 },
    );
  });

  it('says whether the length, a character or the check is wrong, and never repeats the code', () => {
    const { printed } = createEnrolmentCode(() => Buffer.alloc(20, 7));
    const sentences = [
      printed.slice(0, -1),
      `${printed}7`,
      '',
      withCharacter(printed, 0, 'U'),
      withCharacter(printed, 0, '8'),
    ]
      .map((typed) => parseEnrolmentCode(typed))
      .map((code) => (code.ok ? 'taken' : code.error.message));
    expect(sentences).toEqual([
      expect.stringContaining('has 22 characters without the hyphens; this one has 21'),
      expect.stringContaining('has 22 characters without the hyphens; this one has 23'),
      expect.stringContaining('has 22 characters without the hyphens; this one has 0'),
      expect.stringContaining('that no code has'),
      expect.stringContaining('does not agree with the two check characters'),
    ]);
    expect(sentences.join()).not.toContain('777');
  });

  it('reads any text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        expect(typeof parseEnrolmentCode(typed).ok).toBe('boolean');
      }),
    );
  });
});
