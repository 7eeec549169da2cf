import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { signNote, verifierKeyFor } from '../log/signed-note.ts';
import { loadPolicy, type EffectivePolicy, type PolicyInput } from './load-policy.ts';

/** Keys that everybody can make again: for tests and the golden examples only. */
export const domain = 'clinic.example';
export const organisationSeed = seedOf('organisation');
export const foreignSeed = seedOf('somebody else');
export const organisationKey = verifierKeyFor(domain, organisationSeed);

export const policyDocument = {
  v: 1,
  version: 7,
  issuedAt: '2026-11-23T09:00:00Z',
  organisation: domain,
  settings: { idleLockMinutes: 5, secondFactor: 'required', auditorReadsText: true },
} as const;

/** Signs whatever it is given, unlike `signPolicy`. */
export function noteOf(document: unknown, keyName: string = domain, seed = organisationSeed): string {
  return signNote(`${JSON.stringify(document, null, 2)}\n`, keyName, seed);
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** All folders of one test file; gone with it. */
const temporary = mkdtempSync(join(tmpdir(), 'cloister-policy-'));
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** A folder as IT would make it, but of the current user. */
export function policyFolder(files: Files): string {
  const folder = mkdtempSync(join(temporary, 'folder-'));
  chmodSync(folder, 0o755);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), 0o644);
  }
  return folder;
}

/** User ids exist on POSIX systems only. */
export const currentUser = process.getuid?.() ?? 0;

export function load(folder: string, changed: Partial<PolicyInput> = {}): EffectivePolicy {
  return loadPolicy({
    folder,
    platform: process.platform,
    trustedOwners: [currentUser],
    pinnedKey: null,
    highestSeenVersion: null,
    ...changed,
  });
}

function seedOf(name: string): Buffer {
  return createHash('sha256').update(`cloister test key: ${name}`).digest();
}
