import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalBytes, canonicalText, parseCanonical } from './canonical-json.ts';

const parse = (text: string) => z.json().parse(JSON.parse(text));

describe('the examples of RFC 8785', () => {
  it('section 3.2.2: literals, numbers and strings', () => {
    const input = parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(canonicalText(input)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('section 3.2.3: members in the order of their UTF-16 code units', () => {
    const input = { '\u20ac': 5, '\r': 1, '\ufb33': 7, '1': 2, '\ud83d\ude00': 6, '\u0080': 3, '\u00f6': 4 };
    expect(canonicalText(input)).toBe(
      '{"\\r":1,"1":2,"\u0080":3,"\u00f6":4,"\u20ac":5,"\ud83d\ude00":6,"\ufb33":7}',
    );
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: the double %s', (bits, text) => {
    expect(canonicalText(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });
});

describe('canonical JSON', () => {
  it('leaves out members that are undefined', () => {
    expect(canonicalText({ b: undefined, a: 1 })).toBe('{"a":1}');
  });

  it.each([
    ['a lone surrogate', 'x\ud800y'],
    ['a lone surrogate in a list', ['\udc00']],
    ['a lone surrogate in a name', { '\ud800': 1 }],
    ['a lone surrogate deep inside', { a: [{ b: '\udfff' }] }],
    ['not a number', Number.NaN],
    ['an infinity', { a: Number.POSITIVE_INFINITY }],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalText(value)).toThrow(RangeError);
  });

  it('says every value one way, and the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        if (!text.isWellFormed() || /\\ud[89a-f]/i.test(text)) return;
        const plain = parse(text);
        const once = canonicalText(plain);
        expect(parse(once)).toEqual(plain);
        expect(canonicalText(parse(once))).toBe(once);
        expect(Buffer.from(canonicalBytes(plain)).toString()).toBe(once);
      }),
    );
  });
});

describe('what is read as canonical JSON', () => {
  it('is the value of its one form', () => {
    expect(parseCanonical(Buffer.from('{"a":[1,"ä",null],"b":{}}'))).toEqual({
      ok: true,
      value: { a: [1, 'ä', null], b: {} },
    });
  });

  it.each([
    ['a space', '{"a": 1}'],
    ['a newline at its end', '{"a":1}\n'],
    ['members in another order', '{"b":1,"a":2}'],
    ['a member that stands twice', '{"a":1,"a":1}'],
    ['another spelling of a number', '1.0'],
    ['a negative zero', '-0'],
    ['a number beyond every double', '1e999'],
    ['another spelling of a string', String.raw`"\u0061"`],
    ['a slash that is escaped', String.raw`"\/"`],
    ['a lone surrogate', String.raw`"\ud800"`],
    ['a byte order mark', '\ufeff{}'],
    ['nothing', ''],
    ['half of an object', '{"a":1'],
    ['more depth than there is room for', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('is not what has %s', (_, text) => {
    expect(parseCanonical(Buffer.from(text))).toEqual({ ok: false, error: 'not-canonical' });
  });

  it('is not what is not UTF-8', () => {
    expect(parseCanonical(Buffer.from([0x22, 0xff, 0x22])).ok).toBe(false);
    // The encoding of a lone surrogate, which UTF-8 does not have.
    expect(parseCanonical(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])).ok).toBe(false);
  });
});
