import { expect, it } from 'vitest';
import { effectivePolicySchema, policyForPageSchema } from '../../shared/policy-data.ts';
import { load, noteOf, organisationKey, policyDocument, policyFolder } from './policy-fixture.ts';
import { policySettingNames } from './policy-settings.ts';
import { policyForPage, viewPolicy } from './policy-view.ts';

const inForce = load(
  policyFolder({ 'policy.note': noteOf(policyDocument), 'organisation.vkey': organisationKey }),
);
const broken = load(policyFolder({ 'organisation.vkey': organisationKey }));

it('the sign-in screen learns what it needs of the policy, and why it is at its strictest', () => {
  expect([inForce, broken].map((policy) => policyForPageSchema.parse(policyForPage(policy, 15)))).toEqual([
    {
      minimumCharacters: 15,
      idleLockMinutes: 5,
      secondFactorRequired: true,
      recordVisibility: 'own',
      auditorReadsText: true,
      problem: null,
    },
    {
      minimumCharacters: 15,
      idleLockMinutes: 1,
      secondFactorRequired: true,
      recordVisibility: 'own',
      auditorReadsText: false,
      problem: expect.stringContaining('its policy file is missing'),
    },
  ]);
});

it('IT sees every setting with its value, its source and what it decides', () => {
  const view = effectivePolicySchema.parse(viewPolicy(inForce, '/etc/cloister'));
  expect(view).toMatchObject({
    version: 7,
    organisation: 'clinic.example',
    folder: '/etc/cloister',
    problem: null,
  });
  expect(view.settings).toHaveLength(policySettingNames.length);
  expect(view.settings.slice(0, 3)).toEqual([
    {
      name: 'idleLockMinutes',
      value: 5,
      source: 'policy',
      explanation: expect.stringContaining('locks itself'),
    },
    { name: 'secondFactor', value: 'required', source: 'policy', explanation: expect.any(String) },
    { name: 'passphraseMinimumCharacters', value: 12, source: 'default', explanation: expect.any(String) },
  ]);
  expect(viewPolicy(broken, '/etc/cloister').settings.map(({ source }) => source)).toEqual(
    Array(policySettingNames.length).fill('strictest'),
  );
});
