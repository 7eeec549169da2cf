import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnambiguousJson } from './unambiguous-json.ts';

describe('JSON that every reader reads alike', () => {
  it('may have any layout', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: false }),
        fc.constantFrom(0, 1, 2, '\t', ' \r\n'),
        (value, space) => {
          const written: unknown = JSON.parse(JSON.stringify(value));
          expect(parseUnambiguousJson(JSON.stringify(value, null, space))).toEqual({
            ok: true,
            value: written,
          });
        },
      ),
    );
  });

  it('keeps the spaces, quotes and backslashes of its strings', () => {
    const value = { ' a  "b" ': 'back\\slash \\" and  " two' };
    expect(parseUnambiguousJson(JSON.stringify(value, null, 2))).toEqual({ ok: true, value });
  });

  it.each([
    ['a member twice', '{"a": 1, "a": 2}'],
    ['a member twice with the same value', '{"a": 1, "a": 1}'],
    ['a member twice, once in other letters', '{"a": 1, "\\u0061": 2}'],
    ['a number in another spelling', '{"a": 1e1}'],
    ['a number with an empty fraction', '{"a": 1.0}'],
    ['a number that no computer can hold', '{"a": 12345678901234567890}'],
    ['minus zero', '{"a": -0}'],
    ['a character in another spelling', '{"a": "\\u0041"}'],
    ['half a character', '{"a": "\ud800"}'],
    ['a byte order mark', '\ufeff{}'],
    ['a comment', '{} // note'],
    ['a comma behind the last member', '{"a": 1,}'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(parseUnambiguousJson(text).ok).toBe(false);
  });
});
