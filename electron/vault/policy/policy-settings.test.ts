import { describe, expect, it } from 'vitest';
import {
  defaultSettings,
  explainSetting,
  policySettingNames,
  policySettingsSchema,
  strictestSettings,
} from './policy-settings.ts';

describe('the settings of the policy', () => {
  it('have these values without a policy', () => {
    expect(defaultSettings()).toEqual({
      idleLockMinutes: 10,
      secondFactor: 'optional',
      passphraseMinimumCharacters: 12,
      passphraseMinimumStrength: 3,
      signInFreeAttempts: 3,
      signInLockoutAfter: 10,
      signInLockoutMinutes: 15,
      recordVisibility: 'own',
      auditorReadsText: false,
      solePractitioner: false,
      screenCapture: 'refused',
      deviceBinding: 'preferred',
    });
  });

  it('have these values with a policy that cannot be trusted', () => {
    expect(strictestSettings()).toEqual({
      idleLockMinutes: 1,
      secondFactor: 'required',
      passphraseMinimumCharacters: 20,
      passphraseMinimumStrength: 4,
      signInFreeAttempts: 1,
      signInLockoutAfter: 5,
      signInLockoutMinutes: 60,
      recordVisibility: 'own',
      auditorReadsText: false,
      solePractitioner: false,
      screenCapture: 'refused',
      deviceBinding: 'required',
    });
  });

  it.each([
    ['idleLockMinutes', 1, 30],
    ['passphraseMinimumCharacters', 12, 64],
    ['passphraseMinimumStrength', 2, 4],
    ['signInFreeAttempts', 1, 5],
    ['signInLockoutAfter', 3, 20],
    ['signInLockoutMinutes', 5, 1440],
  ] as const)('hold %s between %i and %i', (name, minimum, maximum) => {
    const taken = [minimum - 1, minimum, minimum + 0.5, maximum, maximum + 1, String(minimum), null].map(
      (value) => policySettingsSchema.safeParse({ ...defaultSettings(), [name]: value }).success,
    );
    expect(taken).toEqual([false, true, false, true, false, false, false]);
  });

  it('are each explained to IT in one sentence', () => {
    for (const name of policySettingNames) expect(explainSetting(name)).toMatch(/^[A-Z][^.]+\.$/);
  });
});
