import { describe, expect, it } from 'vitest';
import { createPassphraseMeter } from './passphrase-strength.ts';

const rules = { passphraseMinimumCharacters: 12, passphraseMinimumStrength: 3 };
const personal = ['Dr. Cleo Marsh', 'Example Clinic'];
const measure = createPassphraseMeter(() => rules);
const seen = (passphrase: string): readonly [number, boolean] => {
  const { score, acceptable } = measure(passphrase, personal);
  return [score, acceptable];
};

describe('AC-10: a passphrase', () => {
  it.each([
    'ember fable gravel hinge',
    'anvil-basket-cotton-drum',
    'Zug7!kalt.Wabe3?moor',
    'ünsere öde Kälte müht sich',
  ])('is taken when it is hard to guess: %s', (passphrase) => {
    expect(measure(passphrase, personal)).toMatchObject({ acceptable: true });
  });

  it.each([
    'password1234',
    'qwertyuiop[]',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    '202611232026',
    'cleomarsh2026',
    'exampleclinic',
    'cloister1234',
    'letmeinletmein',
    'Cleo Marsh 1980 Cloister',
    '            ',
  ])('is refused when it is easy to guess: %s', (passphrase) => {
    expect(seen(passphrase)[1]).toBe(false);
  });

  it('is refused when it is short, with how much is missing', () => {
    const { acceptable, advice } = measure('Zug7!kalt', personal);
    expect([acceptable, advice.includes('3 more')]).toEqual([false, true]);
  });

  it('is refused when it is empty or 10,000 characters long, without measuring for seconds', () => {
    const startedAt = performance.now();
    expect([seen(''), seen('x1!'.repeat(3334)), seen('\u{1f600}'.repeat(10_000))]).toEqual([
      [0, false],
      [0, false],
      [0, false],
    ]);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('may be of emoji: people count code points', () => {
    expect(
      measure(
        '\u{1f600}\u{1f680}\u{1f9ed}\u{1f3af}\u{1f984}\u{1f427}\u{1f995}\u{1f33b}\u{1f9c0}\u{1f3bb}\u{1f9ea}\u{1f6f6}',
        personal,
      ).acceptable,
    ).toBe(true);
  });

  it('is never repeated in the advice', () => {
    for (const passphrase of ['password1234', 'cleomarsh2026', 'Zug7!kalt'])
      expect(measure(passphrase, personal).advice).not.toContain(passphrase);
  });

  it('needs more where the policy wants more', () => {
    const strict = createPassphraseMeter(() => ({ ...rules, passphraseMinimumCharacters: 30 }));
    expect(strict('ember fable gravel hinge', personal).acceptable).toBe(false);
  });
});
