import { join } from 'node:path';
import { expect, it } from 'vitest';
import { currentUser, policyFolder } from './policy-fixture.ts';
import { readTrustedFile } from './read-trusted-file.ts';

const trust = { platform: process.platform, trustedOwners: [currentUser] };

it('a file is read whole up to its limit and refused above it, never cut', () => {
  const folder = policyFolder({ empty: '', whole: 'x'.repeat(1000), more: 'x'.repeat(1001) });
  const read = ['absent', 'empty', 'whole', 'more'].map((name) =>
    readTrustedFile(join(folder, name), 1000, trust),
  );
  expect(read).toEqual([
    { ok: true, value: null },
    { ok: true, value: Buffer.alloc(0) },
    { ok: true, value: Buffer.alloc(1000, 'x') },
    { ok: false, error: 'too-large' },
  ]);
});
