import { describe, expect, it } from 'vitest';
import { chooseFlavour } from './flavour-choice.ts';

const official = { flavour: 'official', version: '45.4.1', executable: '/electron' } as const;
const development = { flavour: 'development', version: '42.0.0', executable: '/electron' } as const;

describe('the flavour of a package', () => {
  it('is a release over the official Electron and development over the development runtime', () => {
    expect(chooseFlavour(undefined, official)).toBe('release');
    expect(chooseFlavour(undefined, development)).toBe('development');
    expect(chooseFlavour('development', official)).toBe('development');
  });

  it('is never a release over the development runtime', () => {
    expect(() => chooseFlavour('release', development)).toThrow(
      /not for patient data. Nothing was packaged/u,
    );
  });

  it('is none but these two', () => {
    expect(() => chooseFlavour('demo', official)).toThrow(/no flavour demo/u);
  });
});
