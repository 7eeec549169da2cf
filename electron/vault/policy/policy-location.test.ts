import { describe, expect, it } from 'vitest';
import { policyLocation } from './policy-location.ts';

describe('the policy is looked for', () => {
  it.each([
    ['linux', undefined, '/etc/cloister'],
    ['darwin', undefined, '/Library/Application Support/Cloister'],
    ['win32', 'D:\\Data', 'D:\\Data\\Cloister'],
    ['win32', undefined, 'C:\\ProgramData\\Cloister'],
    ['win32', '', 'C:\\ProgramData\\Cloister'],
    ['win32', '\\\\server\\share', 'C:\\ProgramData\\Cloister'],
    ['win32', 'Data', 'C:\\ProgramData\\Cloister'],
  ] as const)('on %s with ProgramData %s in %s, which only root may own', (platform, programData, folder) => {
    expect(policyLocation({ platform, programData, development: null })).toEqual({
      platform,
      folder,
      trustedOwners: [0],
      ...(platform === 'darwin' ? { managedPreferences: expect.any(Function) } : {}),
    });
  });

  it('elsewhere in a development run, where the current user may own it', () => {
    const development = { folder: '/tmp/policy', userId: 1000 };
    expect(policyLocation({ platform: 'linux', programData: undefined, development })).toEqual({
      platform: 'linux',
      folder: '/tmp/policy',
      trustedOwners: [0, 1000],
    });
  });
});
