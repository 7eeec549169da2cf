import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** For tests: an authority of one's own, and certificates that it signs (X.509 v3, ECDSA P-256), whatever is wrong with them. */
export type Authority = {
  readonly pem: string;
  /** As the policy has it: DER in base64. */
  readonly base64: string;
  issue(wanted: {
    /** Names that it is for; an address counts as an address. */
    readonly names: readonly string[];
    readonly from?: Date;
    readonly to?: Date;
  }): { readonly key: string; readonly cert: string };
  /** Its own certificate and key, for a host that vouches for itself. */
  selfSigned(): { readonly key: string; readonly cert: string };
};

const dayMs = 86_400_000;
const soon = (days: number): Date => new Date(Date.now() + days * dayMs);

export function makeAuthority(name = 'authority.example'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = certificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    from: soon(-1),
    to: soon(10),
    extensions: [
      extension('551d13', sequence(Buffer.from('0101ff', 'hex'))),
      extension('551d0f', element(0x03, '0186')),
      extension('551d11', sequence(generalName(name))),
    ],
  });
  return {
    pem: pem(der),
    base64: der.toString('base64'),
    issue({ names, from = soon(-1), to = soon(10) }) {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const cert = certificate({
        subject: 'Test host',
        issuer: name,
        publicKey: own.publicKey,
        signer: keys.privateKey,
        from,
        to,
        extensions: [extension('551d11', sequence(...names.map(generalName)))],
      });
      return { key: pemOf(own.privateKey), cert: pem(cert) };
    },
    selfSigned: () => ({ key: pemOf(keys.privateKey), cert: pem(der) }),
  };
}

/** ecdsa-with-SHA256 */
const algorithm = (): Buffer => sequence(element(0x06, '2a8648ce3d040302'));

function certificate(of: {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly from: Date;
  readonly to: Date;
  readonly extensions: readonly Buffer[];
}): Buffer {
  const signed = sequence(
    element(0xa0, '020102'),
    element(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm(),
    commonName(of.issuer),
    sequence(time(of.from), time(of.to)),
    commonName(of.subject),
    of.publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...of.extensions)),
  );
  const signature = sign('sha256', signed, of.signer);
  return sequence(signed, algorithm(), element(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

const commonName = (name: string): Buffer =>
  sequence(element(0x31, sequence(element(0x06, '550403'), element(0x0c, Buffer.from(name)))));
const time = (at: Date): Buffer =>
  element(0x17, Buffer.from(`${at.toISOString().replaceAll(/\D/g, '').slice(2, 14)}Z`));
const extension = (oid: string, value: Buffer): Buffer => sequence(element(0x06, oid), element(0x04, value));
const generalName = (name: string): Buffer =>
  /^\d+(?:\.\d+){3}$/.test(name)
    ? element(0x87, Buffer.from(name.split('.').map(Number)))
    : element(0x82, Buffer.from(name));
const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, Buffer.concat(parts));

function element(tag: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'hex') : content;
  const { length } = bytes;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
