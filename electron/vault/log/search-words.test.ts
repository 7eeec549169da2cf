import { describe, expect, it } from 'vitest';
import { searchWords, snippetOf } from './search-words.ts';

describe('searchWords', () => {
  it('takes words and numbers and nothing that the index could take for an operator', () => {
    expect(searchWords('metformin 500 mg')).toEqual(['metformin', '500', 'mg']);
    expect(searchWords('"a" OR b* NEAR(c, 2) ^d text:e - (f) {g} AND NOT h')).toEqual([
      'a',
      'OR',
      'b',
      'NEAR',
      'c',
      '2',
      'd',
      'text',
      'e',
      'f',
      'g',
      'AND',
    ]);
    expect(searchWords(' -- "*" () ')).toEqual([]);
  });
});

describe('snippetOf', () => {
  it('shows the first place, whatever the case and the accents', () => {
    expect(snippetOf('She takes METFORMIN every\n  morning.', ['metformin'])).toEqual({
      before: 'She takes ',
      match: 'METFORMIN',
      after: ' every morning.',
    });
    expect(snippetOf('Ménière', ['meniere'])?.match).toBe('Ménière');
    expect(snippetOf('Meniere', ['Ménière'])?.match).toBe('Meniere');
  });

  it('takes the last word for the beginning of one, and the others for whole ones', () => {
    expect(snippetOf('fractures', ['fract'])?.match).toBe('fractures');
    expect(snippetOf('fractures and pains', ['fract', 'pain'])?.match).toBe('pains');
    expect(snippetOf('nothing of it', ['fract'])).toBeNull();
  });

  it('cuts a long text on both sides and never through a character', () => {
    const found = snippetOf(`${'😀'.repeat(60)}x needle y${'😀'.repeat(60)}`, ['needle']);
    expect(found?.before.startsWith('…😀')).toBe(true);
    expect(found?.after.endsWith('😀…')).toBe(true);
    expect(`${found?.before}${found?.after}`.isWellFormed()).toBe(true);
  });
});
