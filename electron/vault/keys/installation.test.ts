import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { recommendedKdf } from './argon2.ts';
import { openDeviceSecret } from './device-secret.ts';
import { unlock, unlockWithRecoveryKey } from './installation.ts';
import { authenticateKeyring } from './keyring-authentication.ts';
import { isHolder, keyringSchema, type HolderRecord, type Keyring } from './keyring-schema.ts';
import {
  codeOf,
  createKeysFixture,
  createTestKeychain,
  flipBit,
  passphrases,
  valueOf,
  weakKdf,
  type KeysFixture,
} from './keys-fixture.ts';
import { createRecoveryIdentity } from './recovery-key.ts';
import { sealVaultKeys } from './sealed-keys.ts';
import { keylessRecord, withUser } from './user-record.ts';

const fixture = await createKeysFixture();

async function unlockClinician(
  from: KeysFixture,
  keyring: Keyring,
  passphrase: string = passphrases.clinician,
) {
  const deviceSecret = valueOf(await openDeviceSecret(from.keychain, from.keyring.device));
  return unlock({ keyring, userId: from.clinician.userId, passphrase, deviceSecret, kdfFloor: weakKdf });
}

/** The keyring with the clinician's record changed; schema and authentication code are left as they are. */
function withClinician(change: (record: HolderRecord) => Partial<HolderRecord>): Keyring {
  const record = recordOf(fixture.keyring, 'clinician');
  return { ...fixture.keyring, users: withUser(fixture.keyring.users, { ...record, ...change(record) }) };
}

function recordOf(keyring: Keyring, role: HolderRecord['role']): HolderRecord {
  const record = keyring.users.filter(isHolder).find((user) => user.role === role);
  if (record === undefined) throw new Error('no such user');
  return record;
}

describe('a new installation', () => {
  it('opens for each user with the own passphrase only, at full strength', async () => {
    const strong = await createKeysFixture({ kdf: recommendedKdf });
    const deviceSecret = valueOf(await openDeviceSecret(strong.keychain, strong.keyring.device));
    const { userId } = strong.administrator;
    const right = valueOf(
      await unlock({ keyring: strong.keyring, userId, passphrase: passphrases.administrator, deviceSecret }),
    );
    const wrong = await unlock({
      keyring: strong.keyring,
      userId,
      passphrase: passphrases.clinician,
      deviceSecret,
    });
    expect([Buffer.from(right.dek), Buffer.from(right.logSeed), codeOf(wrong)]).toEqual([
      strong.keys.dek,
      strong.keys.logSeed,
      'wrong-passphrase',
    ]);
  });

  it('opens with its recovery key and with no other', async () => {
    const { keyring, keys, recoveryIdentity } = fixture;
    const opened = valueOf(await unlockWithRecoveryKey({ keyring, identity: recoveryIdentity }));
    const other = await createRecoveryIdentity();
    expect([
      Buffer.from(opened.dek),
      codeOf(await unlockWithRecoveryKey({ keyring, identity: other.identity })),
    ]).toEqual([keys.dek, 'recovery-wrong-key']);
  });

  it('without a usable keychain is passphrase-only and still opens', async () => {
    const plain = await createKeysFixture({ keychain: createTestKeychain('basic_text') });
    expect([plain.keyring.device, codeOf(await unlockClinician(plain, plain.keyring))]).toEqual([
      { mode: 'passphrase-only', backend: 'basic_text', wrapped: null },
      'ok',
    ]);
  });

  it('holds neither a key, nor a passphrase, nor the recovery identity', async () => {
    const deviceSecret = valueOf(await openDeviceSecret(fixture.keychain, fixture.keyring.device));
    const text = JSON.stringify(fixture.keyring);
    const secrets = [fixture.keys.dek, fixture.keys.logSeed, Buffer.from(deviceSecret ?? [])].flatMap(
      (bytes) => [Buffer.from(bytes).toString('hex'), Buffer.from(bytes).toString('base64')],
    );
    secrets.push(fixture.recoveryIdentity, passphrases.administrator, passphrases.clinician);
    expect(secrets.filter((secret) => secret === '' || text.includes(secret))).toEqual([]);
  });

  it('refuses an unknown account and one without keys with a sentence', async () => {
    const { keyring } = fixture;
    const unknown = await unlock({
      keyring,
      userId: userIdSchema.parse(randomUUID()),
      passphrase: 'x',
      deviceSecret: null,
    });
    const codes = [codeOf(unknown)];
    for (const state of ['disabled', 'reset'] as const) {
      const keyless = keylessRecord(fixture.clinician, state);
      codes.push(
        codeOf(await unlockClinician(fixture, { ...keyring, users: withUser(keyring.users, keyless) })),
      );
    }
    expect(codes).toEqual(['not-allowed', 'not-allowed', 'not-allowed']);
  });
});

describe('a keyring that somebody edited', () => {
  it('refuses what two users exchanged: wrapped keys, sealed keys, whole records', async () => {
    const administrator = recordOf(fixture.keyring, 'it-admin');
    const codes = [];
    for (const part of [
      { wrapped: administrator.wrapped },
      { sealed: administrator.sealed },
      { wrapped: administrator.wrapped, sealed: administrator.sealed, recipient: administrator.recipient },
    ]) {
      const swapped = withClinician(() => part);
      codes.push(
        codeOf(await unlockClinician(fixture, swapped)),
        codeOf(await unlockClinician(fixture, swapped, passphrases.administrator)),
      );
    }
    expect(codes).toEqual([
      'wrong-passphrase',
      'wrong-passphrase',
      'keyring-damaged',
      'wrong-passphrase',
      'wrong-passphrase',
      'wrong-passphrase',
    ]);
  });

  it('refuses a clinician who made an administrator of himself, and any other change in the clear', async () => {
    const { keyring } = fixture;
    const other = await createRecoveryIdentity();
    const changed: Keyring[] = [
      withClinician(() => ({ role: 'it-admin' })),
      withClinician(() => ({ displayName: 'Ada Admin' })),
      { ...keyring, generation: 2 },
      { ...keyring, organisationName: 'Another Clinic' },
      { ...keyring, createdAt: '2027-11-23T09:00:00.000Z' },
      { ...keyring, users: keyring.users.toReversed() },
      { ...keyring, recovery: keyring.recovery.map((entry) => ({ ...entry, recipient: other.recipient })) },
      { ...keyring, device: { ...keyring.device, backend: 'kwallet5' } },
      { ...keyring, mac: flipBit(keyring.mac, 0) },
    ];
    const codes = [];
    for (const each of changed) codes.push(codeOf(await unlockClinician(fixture, each)));
    expect(codes).toEqual(changed.map(() => 'keyring-damaged'));
  });

  it('refuses other vault keys that were sealed to the public recipient, with and without the true log key', async () => {
    const { installationId, epoch } = fixture.keyring;
    const { userId } = fixture.clinician;
    const codes = [];
    for (const keys of [
      { dek: randomBytes(32), logSeed: randomBytes(32) },
      { dek: randomBytes(32), logSeed: fixture.keys.logSeed },
      { dek: fixture.keys.dek, logSeed: randomBytes(32) },
    ]) {
      const { recipient } = recordOf(fixture.keyring, 'clinician');
      const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: userId, keys });
      codes.push(
        codeOf(
          await unlockClinician(
            fixture,
            withClinician(() => ({ sealed })),
          ),
        ),
      );
    }
    expect(codes).toEqual(Array(3).fill('keyring-damaged'));
  });

  it('refuses a log key that is not the one in the keyring, even from somebody who holds the DEK', async () => {
    const { installationId, epoch } = fixture.keyring;
    const { userId } = fixture.clinician;
    const { recipient } = recordOf(fixture.keyring, 'clinician');
    const keys = { dek: fixture.keys.dek, logSeed: randomBytes(32) };
    const sealed = await sealVaultKeys({ recipient, installationId, epoch, holder: userId, keys });
    const { mac: _, ...content } = withClinician(() => ({ sealed }));
    expect(codeOf(await unlockClinician(fixture, authenticateKeyring(content, keys.dek)))).toBe(
      'keyring-damaged',
    );
  });

  it('refuses the keyring of another installation, whole or under this name', async () => {
    const other = await createKeysFixture();
    const whole = await unlock({
      keyring: other.keyring,
      userId: other.clinician.userId,
      passphrase: passphrases.clinician,
      deviceSecret: valueOf(await openDeviceSecret(fixture.keychain, fixture.keyring.device)),
      kdfFloor: weakKdf,
    });
    const renamed = await unlockClinician(fixture, {
      ...fixture.keyring,
      installationId: other.keyring.installationId,
    });
    expect([codeOf(whole), codeOf(renamed)]).toEqual(['wrong-passphrase', 'wrong-passphrase']);
  });

  it('refuses weakened derivation parameters before it asks the passphrase anything', async () => {
    const { keyring, clinician } = fixture;
    const deviceSecret = valueOf(await openDeviceSecret(fixture.keychain, keyring.device));
    const refused = await unlock({
      keyring,
      userId: clinician.userId,
      passphrase: passphrases.clinician,
      deviceSecret,
    });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'keyring-damaged', message: expect.stringMatching(/easier to guess/) },
    });
  });
});

describe('the keyring schema', () => {
  it('refuses unknown members, mixed modes, a holder twice, a foreign origin and base64 that is not canonical', () => {
    const { keyring } = fixture;
    const [first, second] = keyring.users.filter(isHolder);
    if (first === undefined || second === undefined) throw new Error('no users');
    const wrong: unknown[] = [
      { ...keyring, extra: 1 },
      { ...keyring, v: 2 },
      { ...keyring, users: [] },
      { ...keyring, recovery: [] },
      { ...keyring, users: [first, { ...second, userId: first.userId }] },
      { ...keyring, users: [first, { ...second, recipient: first.recipient }] },
      { ...keyring, device: { mode: 'passphrase-only', backend: 'none', wrapped: null } },
      { ...keyring, log: { ...keyring.log, origin: `cloister.clinic.example/${randomUUID()}/0` } },
      { ...keyring, epoch: 1 },
      { ...keyring, mac: `${keyring.mac.slice(0, -2)}B=` },
      { ...keyring, mac: Buffer.alloc(31).toString('base64') },
    ];
    expect([
      keyringSchema.safeParse(keyring).success,
      ...wrong.map((each) => keyringSchema.safeParse(each).success),
    ]).toEqual([true, ...wrong.map(() => false)]);
  });
});
