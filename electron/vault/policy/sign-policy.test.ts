import { describe, expect, it } from 'vitest';
import {
  load,
  noteOf,
  organisationKey,
  organisationSeed,
  policyDocument,
  policyFolder,
} from './policy-fixture.ts';
import { signPolicy } from './sign-policy.ts';

const text = JSON.stringify(policyDocument, null, 2);

describe('signing a policy', () => {
  it.each([
    ['as it is', text],
    ['with a newline at its end', `${text}\n`],
    ['with a byte order mark and Windows line ends', `\ufeff${text.replace(/\n/g, '\r\n')}\r\n`],
    ['indented with tabs', text.replace(/ {2}/g, '\t')],
  ])('gives a note and a key that a computer takes: a document %s', (_, document) => {
    const signed = signPolicy(document, organisationSeed);
    expect(signed).toEqual({
      ok: true,
      value: { note: noteOf(policyDocument), organisationKey: `${organisationKey}\n` },
    });
    if (!signed.ok) return;
    const folder = policyFolder({
      'policy.note': signed.value.note,
      'organisation.vkey': signed.value.organisationKey,
    });
    expect(load(folder)).toMatchObject({ problem: null, version: 7 });
  });

  it.each([
    ['is not JSON', '{', 'it is not JSON'],
    [
      'misspells a setting',
      text.replace('secondFactor', 'secondfactor'),
      '"settings" has a member "secondfactor"',
    ],
    ['leaves a range', text.replace(': 5', ': 31'), '"settings.idleLockMinutes"'],
    ['is too large', `{${' '.repeat(1024 * 1024)}${text.slice(1)}`, 'larger than 1 MiB'],
  ])('refuses what no computer would take: a document that %s', (_, document, why) => {
    expect(signPolicy(document, organisationSeed)).toEqual({
      ok: false,
      error: { code: 'invalid-input', message: expect.stringContaining(why) },
    });
  });
});
