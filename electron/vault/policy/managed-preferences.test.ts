import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { managedPolicy } from './managed-preferences.ts';
import {
  currentUser,
  load,
  noteOf,
  organisationKey,
  policyDocument,
  policyFolder,
} from './policy-fixture.ts';
import { stringOfPropertyList } from './property-list.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloister-managed-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const trust = { platform: process.platform, trustedOwners: [currentUser] };
const note = noteOf(policyDocument);

/** Another program writes it: Python's own reader and writer of property lists. */
function propertyList(content: unknown, format: 'BINARY' | 'XML'): Buffer {
  const script = `import json, plistlib, sys
sys.stdout.buffer.write(plistlib.dumps(json.load(sys.stdin), fmt=plistlib.FMT_${format}))`;
  return execFileSync('python3', ['-c', script], { input: JSON.stringify(content) });
}

function file(bytes: Uint8Array, mode = 0o644): string {
  const path = join(folder, `${crypto.randomUUID()}.plist`);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  return path;
}

/** Enough to need counts and references of two bytes. */
const others = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`other ${index}`, index]));

describe.each(['BINARY', 'XML'] as const)('managed preferences of macOS, %s', (format) => {
  it.each([
    ['alone', { policy: note }],
    ['among others', { ...others, policy: note, policyOld: 'x', last: true }],
  ])('give the policy that stands in them %s, which is then in force', (_where, content) => {
    const path = file(propertyList(content, format));
    const policy = load(policyFolder({ 'organisation.vkey': organisationKey }), {
      managedPreferences: () => managedPolicy(trust, path),
    });
    expect([policy.problem, policy.note === note, policy.settings.idleLockMinutes]).toEqual([null, true, 5]);
  });

  it('give every character of it', () => {
    const text = '& < > " \' \u2014 \u00fc \u{1f600}\n\ttwo lines';
    expect(stringOfPropertyList(propertyList({ policy: text }, format), 'policy')).toEqual({
      ok: true,
      value: text,
    });
    expect(stringOfPropertyList(propertyList({ policy: 'short' }, format), 'policy')).toMatchObject({
      value: 'short',
    });
  });

  it('that set no policy set none', () => {
    expect(managedPolicy(trust, file(propertyList({ other: note }, format)))).toBeNull();
  });

  it('with something else than a text in its place make everything strictest', () => {
    for (const policy of [1, true, ['x'], { text: note }]) {
      const path = file(propertyList({ policy }, format));
      const loaded = load(policyFolder({ 'organisation.vkey': organisationKey }), {
        managedPreferences: () => managedPolicy(trust, path),
      });
      expect([loaded.problem?.code, loaded.settings.idleLockMinutes]).toEqual(['policy-signature', 1]);
    }
  });

  it('that are cut off anywhere are never taken for others, and never throw', () => {
    const bytes = propertyList({ policy: note }, format);
    const found = new Set<string | null>();
    for (let length = 0; length < bytes.byteLength; length += 1)
      found.add(managedPolicyOf(bytes.subarray(0, length)));
    for (let at = 0; at < bytes.byteLength; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x41, at);
      stringOfPropertyList(changed, 'policy');
    }
    // The last newline of the XML form may be missing.
    found.delete(note);
    expect([...found]).toEqual(['']);
  });
});

function managedPolicyOf(bytes: Buffer): string | null {
  const found = stringOfPropertyList(bytes, 'policy');
  return found.ok ? found.value : '';
}

describe('managed preferences', () => {
  it('that are not there leave the policy to the file', () => {
    expect(managedPolicy(trust, join(folder, 'none.plist'))).toBeNull();
  });

  it('that others can write, or that are a link, count as damaged and not as missing', () => {
    const good = propertyList({ policy: note }, 'BINARY');
    const link = join(folder, 'link.plist');
    symlinkSync(file(good), link);
    expect([managedPolicy(trust, file(good, 0o666)), managedPolicy(trust, link)]).toEqual(['', '']);
  });
});
