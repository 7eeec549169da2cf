import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { publicKeyOf, signEd25519, verifyEd25519 } from '../log/ed25519.ts';
import { importX25519Identity } from './x25519-identity.ts';

/**
 * AC-29: every primitive gives a published answer after each start, before any key is touched. Electron's crypto is BoringSSL
 * and changes with every Electron; a build in which one of these is missing or wrong must not write a record. The first
 * screen waits for those of Node alone (`knownAnswers`); whoever asks for more than that screen waits for the rest too.
 */
export type KnownAnswer = {
  readonly primitive: string;
  readonly source: string;
  /** Hex, or the one text that the source gives. */
  readonly expected: string;
  compute(): string | Promise<string>;
};

/** @returns `self-test-failed`, naming the first primitive whose answer is wrong */
export async function selfTest(answers: readonly KnownAnswer[] = knownAnswers): Promise<Result<void>> {
  for (const { primitive, expected, compute } of answers) {
    const actual = await attempt(compute);
    if (actual !== expected) return err(failed(primitive));
  }
  return ok(undefined);
}

let late: Promise<Result<void>> | null = null;

/** The answers that take longer: once in a process. @returns as `selfTest` */
export function lateSelfTest(): Promise<Result<void>> {
  late ??= selfTest(lateKnownAnswers);
  return late;
}

async function attempt(compute: KnownAnswer['compute']): Promise<string | null> {
  try {
    return await compute();
  } catch {
    return null;
  }
}

function failed(primitive: string) {
  return appError(
    'self-test-failed',
    `Cloister tested its cryptography at start, and ${primitive} gave a wrong answer, so nothing was opened. Nothing was changed. Restart Cloister; if it happens again, call IT, who install Cloister again.`,
  );
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const gcm = {
  key: hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
  nonce: hex('cafebabefacedbaddecaf888'),
  aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  plain: hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  ),
};
const ed25519Seed = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
const x25519Private = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');

/** Made by age 1.1.1 (Go) for the recipient below; holds the text `cloister self-test`. */
const ageFile = Buffer.from(
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB5cCs4Nmk1NktZMGZYQzhXQ2FDbjluS2hOdWpFMHdGbldzclBLNHpKSHg4CjlPUEw2QzNWS2dMclVVUmpKVG9NMlU1RllYY2xnVXhjd0diY2lBTWpUM00KLS0tIFVBQ2JXd0RkV29VS2J0dGpGTDhLQjZHbHBWM2dNOEVwMzRzQVdzY0JjcE0KGy77A4yMOvIMF+cECD1I7BtO7Yr+13K8pUUDANLcPPWtIH/T4cuMQuMY+Kn3+/83w8g=',
  'base64',
);

export const knownAnswers: readonly KnownAnswer[] = [
  {
    primitive: 'SHA-256',
    source: 'FIPS 180-4 example, "abc"',
    expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    compute: () => createHash('sha256').update('abc').digest('hex'),
  },
  {
    primitive: 'HMAC-SHA-256',
    source: 'RFC 4231, test case 2',
    expected: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    compute: () => createHmac('sha256', 'Jefe').update('what do ya want for nothing?').digest('hex'),
  },
  {
    primitive: 'HKDF-SHA-256',
    source: 'RFC 5869, test case 1',
    expected: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    compute: () =>
      Buffer.from(
        hkdfSync(
          'sha256',
          Buffer.alloc(22, 0x0b),
          hex('000102030405060708090a0b0c'),
          hex('f0f1f2f3f4f5f6f7f8f9'),
          42,
        ),
      ).toString('hex'),
  },
  {
    primitive: 'AES-256-GCM',
    source: 'McGrew and Viega, The Galois/Counter Mode of Operation, test case 16',
    expected:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    compute: () => {
      const cipher = createCipheriv('aes-256-gcm', gcm.key, gcm.nonce).setAAD(gcm.aad);
      return Buffer.concat([cipher.update(gcm.plain), cipher.final(), cipher.getAuthTag()]).toString('hex');
    },
  },
  {
    primitive: 'AES-256-GCM authentication',
    source: 'the same, with one bit of the associated data flipped',
    expected: 'refused',
    compute: () => {
      const cipher = createCipheriv('aes-256-gcm', gcm.key, gcm.nonce).setAAD(gcm.aad);
      const sealed = Buffer.concat([cipher.update(gcm.plain), cipher.final()]);
      const otherAad = Buffer.from(gcm.aad);
      otherAad[0] = 0xff;
      const decipher = createDecipheriv('aes-256-gcm', gcm.key, gcm.nonce)
        .setAAD(otherAad)
        .setAuthTag(cipher.getAuthTag());
      decipher.update(sealed);
      return refusal(() => decipher.final());
    },
  },
  {
    primitive: 'Ed25519',
    source: 'RFC 8032, section 7.1, test 2: public key and signature',
    expected:
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    compute: () =>
      Buffer.concat([publicKeyOf(ed25519Seed), signEd25519(hex('72'), ed25519Seed)]).toString('hex'),
  },
  {
    primitive: 'Ed25519 verification',
    source: 'the same: the message is accepted, another is refused',
    expected: 'true false',
    compute: () => {
      const signature = signEd25519(hex('72'), ed25519Seed);
      const key = publicKeyOf(ed25519Seed);
      return `${verifyEd25519(hex('72'), signature, key)} ${verifyEd25519(hex('73'), signature, key)}`;
    },
  },
];

/** Of the libraries that are written in JavaScript and WebAssembly. */
export const lateKnownAnswers: readonly KnownAnswer[] = [
  {
    primitive: 'Argon2id',
    source: 'reference implementation (P-H-C/phc-winner-argon2), test.c, version 0x13: t=2, m=256 KiB, p=2',
    expected: '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037',
    compute: async () => {
      const { deriveArgon2id } = await import('./argon2.ts');
      const parameters = { memoryKiB: 256, iterations: 2, parallelism: 2 };
      return Buffer.from(
        await deriveArgon2id(Buffer.from('password'), Buffer.from('somesalt'), parameters),
      ).toString('hex');
    },
  },
  {
    primitive: 'X25519',
    source: "RFC 7748, section 6.1, Alice's public key, as an age recipient",
    expected: 'age1s5s0qzvfxzn4gayt0hwtg0hhtgxm7wsdycup4a8t5j5ca25mfe4qt4hs7q',
    compute: async () => {
      const { identityToRecipient } = await import('age-encryption');
      return identityToRecipient(await importX25519Identity(x25519Private));
    },
  },
  {
    primitive: 'age',
    source: 'a file made by another implementation',
    expected: 'cloister self-test',
    compute: async () => {
      const { Decrypter } = await import('age-encryption');
      const decrypter = new Decrypter();
      decrypter.addIdentity(await importX25519Identity(x25519Private));
      return decrypter.decrypt(ageFile, 'text');
    },
  },
];

function refusal(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch {
    return 'refused';
  }
}
