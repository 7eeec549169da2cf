import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { publicKeyOf } from './ed25519.ts';
import { logKeyFingerprint, sshPublicKey } from './log-key.ts';
import { allowedSignersLine, bundleNamespace, signerIdentity, sshSignature } from './sshsig.ts';

const seed = Buffer.alloc(32, 7);
const message = Buffer.from('made-up list of hashes\n');
const folder = mkdtempSync(join(tmpdir(), 'cloister-sshsig-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** OpenSSH's own opinion. */
function sshKeygenAccepts(
  input: Uint8Array,
  options: { readonly namespace?: string; readonly signer?: Uint8Array } = {},
): boolean {
  writeFileSync(join(folder, 'signers'), allowedSignersLine(publicKeyOf(options.signer ?? seed)));
  writeFileSync(join(folder, 'sig'), sshSignature(message, seed));
  const words = [
    '-Y',
    'verify',
    '-f',
    'signers',
    '-I',
    signerIdentity,
    '-n',
    options.namespace ?? bundleNamespace,
    '-s',
    'sig',
  ];
  return spawnSync('ssh-keygen', words, { cwd: folder, input }).status === 0;
}

describe('a signature of the bundle', () => {
  it('is accepted by ssh-keygen', () => {
    expect(sshKeygenAccepts(message)).toBe(true);
  });

  it.each([
    ['for another message', () => sshKeygenAccepts(Buffer.from('other\n'))],
    ['in another namespace', () => sshKeygenAccepts(message, { namespace: 'file' })],
    ['of another key', () => sshKeygenAccepts(message, { signer: Buffer.alloc(32, 8) })],
  ])('is refused by ssh-keygen %s', (_, accepts) => {
    expect(accepts()).toBe(false);
  });

  it('is by a key whose fingerprint is the one that ssh-keygen prints', () => {
    const publicKey = publicKeyOf(seed);
    writeFileSync(
      join(folder, 'key.pub'),
      `ssh-ed25519 ${Buffer.from(sshPublicKey(publicKey)).toString('base64')}\n`,
    );
    const printed = spawnSync('ssh-keygen', ['-l', '-f', 'key.pub'], {
      cwd: folder,
      encoding: 'utf8',
    }).stdout;
    expect(printed).toBe(`256 ${logKeyFingerprint(publicKey)} no comment (ED25519)\n`);
  });
});
