import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runVerifier } from './bundle-fixture.ts';

/** What was exported once verifies for ever: these files are never made anew. `runVerifier` asks all three verifiers. */
const golden = resolve(import.meta.dirname, '../../auditor-kit/golden');
const bundles = [
  {
    name: 'full',
    sha256: '56a998a8d519da324504e0e1e5cccc84da34281c2d2092b10593da6dafc4d760',
    said: {
      kind: 'full',
      treeSize: 7,
      payloads: 8,
      rootHash: 'fcbc73f0be4c00173076398917a802b84896e97481456a5f8f169e49dd7b763e',
    },
  },
  {
    name: 'extract',
    sha256: '84505263711d5fb167c5e859d053da35580f7d0f1d86d98e18223f358d68eb09',
    said: {
      kind: 'extract',
      treeSize: 7,
      records: 5,
      rootHash: 'f7445499471661f29b301bd59bc5b5feb16a6fdcc02f2646771517ec230865f4',
    },
  },
  {
    name: 'two-key-changes',
    sha256: '06ef10e5ee164382fd486e662d8da37016ca6b9f0e77f58478720f8026c2dc78',
    said: {
      kind: 'full',
      treeSize: 8,
      payloads: null,
      rootHash: '07b16c08f1e744300e25be419a34bb5aaebb549f45a30204614ab7c9d06b21db',
    },
  },
] as const;

it('are all of them here', () => {
  const zips = readdirSync(golden).filter((name) => name.endsWith('.zip'));
  expect(zips.toSorted()).toEqual(bundles.map(({ name }) => `${name}.zip`).toSorted());
});

it.each(bundles)('AC-09: the bundle $name that was kept verifies as it did', ({ name, sha256, said }) => {
  const path = join(golden, `${name}.zip`);
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
  const run = runVerifier(path, '--json', '--key', join(golden, `${name}.fingerprint`));
  expect([run.exitCode, run.problems]).toEqual([0, '']);
  expect(JSON.parse(run.out)).toMatchObject({ ok: true, authenticated: true, ...said });
  expect(runVerifier(path).exitCode).toBe(0);
});

it.each(bundles)('AC-09: the bundle $name, changed in one byte, is refused', ({ name }) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-golden-'));
  try {
    const bytes = readFileSync(join(golden, `${name}.zip`));
    const at = bytes.indexOf('"event":"');
    bytes.writeUInt8(bytes.readUInt8(at + 12) ^ 1, at + 12);
    const changed = join(folder, 'changed.zip');
    writeFileSync(changed, bytes);
    expect(runVerifier(changed, '--json').exitCode).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
