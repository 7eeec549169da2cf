import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { openDeviceSecret } from './device-secret.ts';
import { createEnrolmentKey } from './enrolment-key.ts';
import { unlock } from './installation.ts';
import { isHolder, keyringSchema, type Keyring } from './keyring-schema.ts';
import {
  codeOf,
  createKeysFixture,
  passphrases,
  valueOf,
  weakKdf,
  type KeysFixture,
} from './keys-fixture.ts';
import { activeRecord, enrollingRecord, keylessRecord, nextKeyring, withUser } from './user-record.ts';

const code = '0123456789ABCDEFGHJK';
const newcomer = {
  userId: userIdSchema.parse(randomUUID()),
  displayName: 'Nia Newcomer',
  role: 'clinician' as const,
};

let fixture: KeysFixture;
let deviceSecret: Uint8Array | null;
beforeAll(async () => {
  fixture = await createKeysFixture();
  deviceSecret = valueOf(await openDeviceSecret(fixture.keychain, fixture.keyring.device));
});

const vaultOf = ({ keyring, keys }: KeysFixture) => ({
  installationId: keyring.installationId,
  epoch: keyring.epoch,
  keys,
});

async function withNewcomer(): Promise<Keyring> {
  const enrolment = await createEnrolmentKey({ userId: newcomer.userId, code, kdf: weakKdf });
  const record = await enrollingRecord(vaultOf(fixture), newcomer, enrolment);
  return nextKeyring(fixture.keyring, fixture.keys.dek, {
    users: withUser(fixture.keyring.users, record),
  });
}

const open = (keyring: Keyring, passphrase: string, userId = newcomer.userId) =>
  unlock({ keyring, userId, passphrase, deviceSecret, kdfFloor: weakKdf });

describe('an account that a one-time code opens', () => {
  it('gives the vault keys for the code and for nothing else', async () => {
    const keyring = await withNewcomer();
    const opened = valueOf(await open(keyring, code));
    expect(Buffer.from(opened.dek)).toEqual(Buffer.from(fixture.keys.dek));
    const codes = [];
    for (const wrong of ['0123456789ABCDEFGHJM', '', passphrases.clinician])
      codes.push(codeOf(await open(keyring, wrong)));
    expect(codes).toEqual(Array(3).fill('wrong-passphrase'));
  });

  it('opens with the chosen passphrase afterwards, and not with the code', async () => {
    const enrolled = await withNewcomer();
    const passphrase = 'sundial quarry velvet mop';
    const record = valueOf(
      await activeRecord(vaultOf(fixture), newcomer, { passphrase, deviceSecret, kdf: weakKdf }),
    );
    const keyring = nextKeyring(enrolled, fixture.keys.dek, { users: withUser(enrolled.users, record) });
    expect([codeOf(await open(keyring, code)), codeOf(await open(keyring, passphrase))]).toEqual([
      'wrong-passphrase',
      'ok',
    ]);
    expect([keyring.generation, keyring.users.length]).toEqual([3, 3]);
  });

  it('does not open when the blob is moved to another account, or its parameters are weakened', async () => {
    const keyring = await withNewcomer();
    const [administrator] = keyring.users.filter(isHolder);
    const record = keyring.users.filter(isHolder).find(({ userId }) => userId === newcomer.userId);
    if (administrator === undefined || record === undefined) throw new Error('no such user');
    const moved = { ...record, userId: administrator.userId };
    const movedTo = { ...keyring, users: withUser(keyring.users, moved) };
    const strict = await unlock({ keyring, userId: newcomer.userId, passphrase: code, deviceSecret });
    expect([codeOf(await open(movedTo, code, administrator.userId)), codeOf(strict)]).toEqual([
      'wrong-passphrase',
      'keyring-damaged',
    ]);
  });
});

describe('a change of the keyring', () => {
  it('is authentic for who stays, and the keyless account opens for nobody', async () => {
    const { keyring, keys, clinician, administrator } = fixture;
    const next = nextKeyring(keyring, keys.dek, {
      users: withUser(keyring.users, keylessRecord(clinician, 'disabled')),
    });
    expect([
      codeOf(await open(next, passphrases.clinician, clinician.userId)),
      codeOf(await open(next, passphrases.administrator, administrator.userId)),
      keyringSchema.safeParse(next).success,
      JSON.stringify(next.users.find(({ userId }) => userId === clinician.userId)).includes('sealed'),
    ]).toEqual(['not-allowed', 'ok', true, false]);
  });

  it('is refused where an active account is wrapped by a one-time code', async () => {
    const keyring = await withNewcomer();
    const users = keyring.users.map((user) =>
      isHolder(user) && user.userId === newcomer.userId ? { ...user, state: 'active' as const } : user,
    );
    expect(() => nextKeyring(keyring, fixture.keys.dek, { users })).toThrow('mixed binding modes');
  });
});
