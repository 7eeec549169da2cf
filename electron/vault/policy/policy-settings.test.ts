import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  defaultSettings,
  explainSetting,
  policySettingNames,
  policySettingsSchema,
  strictestSettings,
} from './policy-settings.ts';

const rootCertificate = readFileSync(join(import.meta.dirname, 'golden/mirror-authority.txt'), 'utf8').trim();

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
      retentionYears: 10,
      legalHold: false,
      anchorFolder: '',
      spoolFolder: '',
      spoolRecipients: '',
      readSourceAhead: true,
      graphicsCard: 'auto',
      modelDownload: 'never',
      modelDownloadHosts: 'huggingface.co,*.hf.co',
      modelMirror: '',
      modelMirrorCertificate: '',
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
      retentionYears: 100,
      legalHold: true,
      anchorFolder: '',
      spoolFolder: '',
      spoolRecipients: '',
      readSourceAhead: false,
      graphicsCard: 'off',
      modelDownload: 'never',
      modelDownloadHosts: '',
      modelMirror: '',
      modelMirrorCertificate: '',
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

  it.each([
    [
      'modelDownloadHosts',
      ['', 'huggingface.co', 'a.example:8443,*.b.example', 'localhost:1', '127.0.0.1'],
      [
        '*',
        '*.',
        'https://a.example',
        'a.example/',
        'a.example,',
        'A.example',
        'a..b',
        'a.example:0',
        'a b',
        'x@a.b',
      ],
    ],
    [
      'modelMirror',
      ['', 'https://mirror.example', 'https://mirror.example:8443/models/', 'https://mirror.example/a/b'],
      [
        'http://mirror.example',
        'https://',
        'https://user@mirror.example',
        'https://mirror.example/?a=b',
        'https://mirror.example/%2e',
        'https://mirror.example//',
        'mirror.example',
      ],
    ],
    [
      'modelMirrorCertificate',
      ['', rootCertificate],
      [
        'AAAA',
        rootCertificate.slice(4),
        `${rootCertificate}AAAA`,
        `-----BEGIN CERTIFICATE-----\n${rootCertificate}`,
      ],
    ],
  ] as const)('take for %s what can be meant, and nothing else', (name, good, bad) => {
    const taken = (value: string): boolean =>
      policySettingsSchema.safeParse({ ...defaultSettings(), [name]: value }).success;
    expect(good.filter((value) => !taken(value))).toEqual([]);
    expect(bad.filter(taken)).toEqual([]);
  });

  it('are each explained to IT in one to three sentences', () => {
    for (const name of policySettingNames) expect(explainSetting(name)).toMatch(/^(?:[A-Z][^.]+\. ?){1,3}$/);
  });
});
