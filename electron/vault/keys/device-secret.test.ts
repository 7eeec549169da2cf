import { describe, expect, it } from 'vitest';
import { createDeviceSecret, openDeviceSecret, type Keychain } from './device-secret.ts';
import type { DeviceRecord } from './keyring-schema.ts';
import { codeOf, createTestKeychain, flipBit, valueOf } from './keys-fixture.ts';

async function bound() {
  const keychain = createTestKeychain();
  const { secret, device } = await createDeviceSecret(keychain);
  if (device.mode !== 'device-bound' || secret === null) throw new Error('expected a device secret');
  return { keychain, secret, device };
}

describe('the device secret', () => {
  it('comes back from the keychain that wrapped it', async () => {
    const { keychain, secret, device } = await bound();
    const back = valueOf(await openDeviceSecret(keychain, device));
    expect([secret.byteLength, device.backend, back === null ? null : Buffer.from(back)]).toEqual([
      32,
      'gnome_libsecret',
      Buffer.from(secret),
    ]);
  });

  it('does not exist where the keychain is missing, worthless, or does not give back what it took', async () => {
    const usable = createTestKeychain();
    const keychains: Keychain[] = [
      createTestKeychain('gnome_libsecret', false),
      createTestKeychain('basic_text'),
      createTestKeychain('none'),
      createTestKeychain('unknown'),
      { ...usable, wrap: async () => null },
      { ...usable, unwrap: async () => null },
      { ...usable, unwrap: async () => Buffer.alloc(64).toString('base64') },
    ];
    const made = [];
    for (const keychain of keychains) made.push(await createDeviceSecret(keychain));
    expect(made).toEqual(
      keychains.map(({ backend }) => ({
        secret: null,
        device: { mode: 'passphrase-only', backend, wrapped: null },
      })),
    );
  });

  it('in passphrase-only mode is null, whatever keychain there is now', async () => {
    const device: DeviceRecord = { mode: 'passphrase-only', backend: 'basic_text', wrapped: null };
    expect(valueOf(await openDeviceSecret(createTestKeychain(), device))).toBeNull();
  });

  it('is refused as keychain-changed, never as a wrong passphrase, when the keychain moved, failed or returned garbage', async () => {
    const { keychain, device } = await bound();
    const codes = [];
    for (const [now, record] of [
      [createTestKeychain('kwallet5'), device],
      [{ ...keychain, backend: 'basic_text' }, device],
      [{ ...keychain, available: false }, device],
      [{ ...keychain, unwrap: async () => null }, device],
      [
        {
          ...keychain,
          unwrap: async (wrapped: string) => flipBit((await keychain.unwrap(wrapped)) ?? '', 0),
        },
        device,
      ],
      // CBC without authentication: the first decrypts to other bytes, the second fails its padding.
      [keychain, { ...device, wrapped: flipBit(device.wrapped, 3) }],
      [keychain, { ...device, wrapped: flipBit(device.wrapped, -1) }],
    ] as const) {
      codes.push(codeOf(await openDeviceSecret(now, record)));
    }
    expect(codes).toEqual(Array(7).fill('keychain-changed'));
  });

  it('opens when Electron only gave the same keychain another name', async () => {
    const { keychain, device } = await bound();
    expect(codeOf(await openDeviceSecret({ ...keychain, backend: 'gnome_libsecret_portal' }, device))).toBe(
      'ok',
    );
  });
});
