import { randomBytes, randomUUID } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { installationIdSchema } from '../../shared/ids.ts';
import { codeOf, flipBit, valueOf } from './keys-fixture.ts';
import { createRecoveryIdentity } from './recovery-key.ts';
import { openSealedVaultKeys, sealVaultKeys } from './sealed-keys.ts';

const place = { installationId: installationIdSchema.parse(randomUUID()), epoch: 0 };
const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };

async function sealedToNewHolder() {
  const { identity, recipient } = await createRecoveryIdentity();
  return {
    identity,
    recipient,
    sealed: await sealVaultKeys({ ...place, recipient, holder: recipient, keys }),
  };
}

describe('sealed vault keys', () => {
  it('come back whole for their holder', async () => {
    const { identity, recipient, sealed } = await sealedToNewHolder();
    const opened = valueOf(await openSealedVaultKeys({ ...place, identity, holder: recipient, sealed }));
    expect([Buffer.from(opened.dek), Buffer.from(opened.logSeed)]).toEqual([keys.dek, keys.logSeed]);
  });

  it('are refused for another holder, installation or epoch than they were sealed for', async () => {
    const { identity, recipient, sealed } = await sealedToNewHolder();
    const right = { ...place, identity, holder: recipient, sealed };
    const codes = [];
    for (const other of [
      { ...right, holder: randomUUID() },
      { ...right, installationId: installationIdSchema.parse(randomUUID()) },
      { ...right, epoch: 1 },
    ]) {
      codes.push(codeOf(await openSealedVaultKeys(other)));
    }
    expect(codes).toEqual(['keyring-damaged', 'keyring-damaged', 'keyring-damaged']);
  });

  it('do not open with a recovery key of somebody else', async () => {
    const { recipient, sealed } = await sealedToNewHolder();
    const { identity } = await createRecoveryIdentity();
    expect(codeOf(await openSealedVaultKeys({ ...place, identity, holder: recipient, sealed }))).toBe(
      'recovery-wrong-key',
    );
  });

  it('do not open with a bit flipped in the header, its authentication or the body', async () => {
    const { identity, recipient, sealed } = await sealedToNewHolder();
    const codes = [];
    for (const index of [0, 40, 100, 190, -40, -1]) {
      codes.push(
        codeOf(
          await openSealedVaultKeys({
            ...place,
            identity,
            holder: recipient,
            sealed: flipBit(sealed, index),
          }),
        ),
      );
    }
    expect(codes).toEqual(Array(6).fill('keyring-damaged'));
  });

  it('are refused when something else was sealed to the public recipient', async () => {
    const { identity, recipient } = await createRecoveryIdentity();
    const codes = [];
    for (const inside of ['not json', '{"v":1}', new Uint8Array([0xff])]) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      const sealed = Buffer.from(await encrypter.encrypt(inside)).toString('base64');
      codes.push(codeOf(await openSealedVaultKeys({ ...place, identity, holder: recipient, sealed })));
    }
    expect(codes).toEqual(Array(3).fill('keyring-damaged'));
  });
});
