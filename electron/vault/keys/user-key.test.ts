import { createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { identityToRecipient } from 'age-encryption';
import { argon2id } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { installationIdSchema, userIdSchema } from '../../shared/ids.ts';
import type { WrappedKey } from './keyring-schema.ts';
import { codeOf, flipBit, valueOf, weakKdf } from './keys-fixture.ts';
import { createUserKey, openUserKey } from './user-key.ts';
import { importX25519Identity } from './x25519-identity.ts';

const installationId = installationIdSchema.parse(randomUUID());
const userId = userIdSchema.parse(randomUUID());
const deviceSecret = randomBytes(32);

async function wrap(passphrase: string, secret: Uint8Array | null = deviceSecret) {
  const made = await createUserKey({
    installationId,
    userId,
    passphrase,
    deviceSecret: secret,
    kdf: weakKdf,
  });
  return { userId, ...valueOf(made) };
}

type Record = Awaited<ReturnType<typeof wrap>>;

async function open(
  record: Record,
  passphrase: string,
  secret: Uint8Array | null = deviceSecret,
): Promise<string> {
  return codeOf(
    await openUserKey({ installationId, record, passphrase, deviceSecret: secret, kdfFloor: weakKdf }),
  );
}

describe('AC-26 a user key', () => {
  it('opens with the passphrase and the device secret together, and with neither alone', async () => {
    const record = await wrap('correct horse');
    expect([
      await open(record, 'correct horse'),
      await open(record, 'correct horsf'),
      await open(record, 'correct horse', randomBytes(32)),
      await open(record, 'correct horse', null),
    ]).toEqual(['ok', 'wrong-passphrase', 'wrong-passphrase', 'keychain-changed']);
  });

  it('in passphrase-only mode opens without a device secret, and refuses one that should not be there', async () => {
    const record = await wrap('correct horse', null);
    expect([
      await open(record, 'correct horse', null),
      await open(record, 'correct horse', deviceSecret),
    ]).toEqual(['ok', 'keyring-damaged']);
  });

  it('takes a passphrase of ten thousand characters and one of emoji', async () => {
    const long = 'a long passphrase '.repeat(600);
    const codes = [];
    for (const passphrase of [long, '🦊🌲🕯️🧵 👩‍⚕️']) {
      const record = await wrap(passphrase);
      codes.push(await open(record, passphrase), await open(record, passphrase.slice(0, -2)));
    }
    expect(codes).toEqual(['ok', 'wrong-passphrase', 'ok', 'wrong-passphrase']);
  });

  it('is not made with an empty passphrase or half a character, and neither ever opens one', async () => {
    const record = await wrap('correct horse');
    const made = [];
    for (const passphrase of ['', 'half \ud83d']) {
      made.push(
        codeOf(await createUserKey({ installationId, userId, passphrase, deviceSecret, kdf: weakKdf })),
      );
      made.push(await open(record, passphrase));
    }
    expect(made).toEqual(['invalid-input', 'wrong-passphrase', 'invalid-input', 'wrong-passphrase']);
  });

  it('opens when the same words are typed on a keyboard that composes letters differently', async () => {
    expect(await open(await wrap('Zo\u00eb na\u00efve'), 'Zoe\u0308\u00a0nai\u0308ve')).toBe('ok');
  });

  it('stores nothing that the same passphrase makes twice', async () => {
    const [first, second] = [await wrap('correct horse'), await wrap('correct horse')];
    expect([
      first.recipient === second.recipient,
      first.wrapped.kdf.salt === second.wrapped.kdf.salt,
      first.wrapped.nonce === second.wrapped.nonce,
      first.wrapped.ciphertext === second.wrapped.ciphertext,
    ]).toEqual([false, false, false, false]);
  });
});

it('a wrapped key is what the format says, step by step', async () => {
  const { wrapped, recipient } = await wrap('correct horse');
  const { kdf } = wrapped;
  const stretched = await argon2id({
    password: 'correct horse',
    salt: Buffer.from(kdf.salt, 'base64'),
    memorySize: 64,
    iterations: 1,
    parallelism: 1,
    hashLength: 32,
    outputType: 'binary',
  });
  const key = hkdfSync(
    'sha256',
    Buffer.concat([stretched, deviceSecret]),
    '',
    'cloister/1 user key wrap',
    32,
  );
  const sealed = Buffer.from(wrapped.ciphertext, 'base64');
  const aad =
    `{"installation":"${installationId}",` +
    `"kdf":{"algorithm":"argon2id","iterations":1,"memoryKiB":64,"parallelism":1,"salt":"${kdf.salt}"},` +
    `"mode":"device-bound","user":"${userId}","version":1}`;
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(wrapped.nonce, 'base64'))
    .setAAD(Buffer.from(aad))
    .setAuthTag(sealed.subarray(32));
  const scalar = Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
  expect(await identityToRecipient(await importX25519Identity(scalar))).toBe(recipient);
});

describe('a changed user key', () => {
  it('is refused for another user and another installation', async () => {
    const record = await wrap('correct horse');
    const otherUser = { ...record, userId: userIdSchema.parse(randomUUID()) };
    const elsewhere = await openUserKey({
      installationId: installationIdSchema.parse(randomUUID()),
      record,
      passphrase: 'correct horse',
      deviceSecret,
      kdfFloor: weakKdf,
    });
    expect([await open(otherUser, 'correct horse'), codeOf(elsewhere)]).toEqual([
      'wrong-passphrase',
      'wrong-passphrase',
    ]);
  });

  it('is refused when a bit of any field is flipped', async () => {
    const record = await wrap('correct horse');
    const { wrapped } = record;
    const changed: WrappedKey[] = [
      { ...wrapped, nonce: flipBit(wrapped.nonce, 0) },
      { ...wrapped, ciphertext: flipBit(wrapped.ciphertext, 0) },
      { ...wrapped, ciphertext: flipBit(wrapped.ciphertext, -1) },
      { ...wrapped, kdf: { ...wrapped.kdf, salt: flipBit(wrapped.kdf.salt, 0) } },
      { ...wrapped, kdf: { ...wrapped.kdf, memoryKiB: wrapped.kdf.memoryKiB + 8 } },
      { ...wrapped, kdf: { ...wrapped.kdf, iterations: 2 } },
      { ...wrapped, mode: 'passphrase-only' },
    ];
    const codes = [];
    for (const each of changed) codes.push(await open({ ...record, wrapped: each }, 'correct horse'));
    expect(codes).toEqual([...Array<string>(6).fill('wrong-passphrase'), 'keyring-damaged']);
  });

  it('is refused in passphrase-only clothes even without a device secret', async () => {
    const record = await wrap('correct horse');
    expect(
      await open(
        { ...record, wrapped: { ...record.wrapped, mode: 'passphrase-only' } },
        'correct horse',
        null,
      ),
    ).toBe('wrong-passphrase');
  });

  it('is refused when the public half is not the wrapped one', async () => {
    const { recipient } = await wrap('another');
    expect(await open({ ...(await wrap('correct horse')), recipient }, 'correct horse')).toBe(
      'keyring-damaged',
    );
  });

  it('is refused below the floor of the product, before anything is derived', async () => {
    const record = await wrap('correct horse');
    const refused = await openUserKey({ installationId, record, passphrase: 'correct horse', deviceSecret });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'keyring-damaged', message: expect.stringMatching(/easier to guess/) },
    });
  });
});
