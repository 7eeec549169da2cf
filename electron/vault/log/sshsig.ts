import { createHash } from 'node:crypto';
import { publicKeyOf, signEd25519 } from './ed25519.ts';
import { sshPublicKey, sshString } from './log-key.ts';

/** OpenSSH's PROTOCOL.sshsig: what `ssh-keygen -Y verify` checks. */
export const bundleNamespace = 'cloister-audit-bundle';
/** The identity in `allowed_signers`; the key itself is what counts. */
export const signerIdentity = 'cloister-log';

/** @returns an armored detached signature over `message` in the bundle's namespace */
export function sshSignature(message: Uint8Array, seed: Uint8Array): string {
  const text = (value: string): Uint8Array => sshString(Buffer.from(value));
  const digest = createHash('sha512').update(message).digest();
  const fields = [text(bundleNamespace), text(''), text('sha512')];
  const signed = Buffer.concat([Buffer.from('SSHSIG'), ...fields, sshString(digest)]);
  const signature = Buffer.concat([text('ssh-ed25519'), sshString(signEd25519(signed, seed))]);
  const version = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('SSHSIG'),
    version,
    sshString(sshPublicKey(publicKeyOf(seed))),
    ...fields,
    sshString(signature),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/** One line of an `allowed_signers` file (ssh-keygen(1)). */
export function allowedSignersLine(publicKey: Uint8Array): string {
  const key = Buffer.from(sshPublicKey(publicKey)).toString('base64');
  return `${signerIdentity} namespaces="${bundleNamespace}" ssh-ed25519 ${key}\n`;
}
