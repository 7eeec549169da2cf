import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlock } from '../../electron/vault/keys/installation.ts';
import { readKeyring } from '../../electron/vault/keys/keyring-file.ts';
import { valueOf as okValueOf } from '../../electron/vault/keys/keys-fixture.ts';
import { administratorPassphrase, clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { catalogue, catalogueFile, openDesk, valueOf } from './desk.ts';
import { createLedger } from './ledger.ts';
import type { RecordKeys } from './record-check.ts';
import type { ChildOrder } from './vault-frames.ts';

export type CampaignInstallation = { readonly folder: string; readonly keys: RecordKeys };

/** Goes through the first run with the built vault: one administrator, one clinician, two recovery keys. */
export async function createCampaignInstallation(order: ChildOrder): Promise<CampaignInstallation> {
  const folder = createWorkFolder('made');
  const { vault } = openDesk({ folder, order }, createLedger());
  for (let n = 0; n < 2; n += 1) {
    const { identity } = await valueOf(vault.ask('setup.createRecoveryKey', {}));
    await valueOf(vault.ask('setup.proveRecoveryKey', { identity }));
  }
  await valueOf(
    vault.ask('setup.complete', {
      organisationName: 'Example Clinic',
      organisationDomain: 'clinic.example',
      administrator: { displayName: 'Ivy Admin', passphrase: administratorPassphrase },
      clinician: { displayName: 'Cleo Clinician', passphrase: clinicianPassphrase },
      acceptSingleRecipient: false,
    }),
  );
  vault.tell({ kind: 'stop' });
  await vault.ended;
  return { folder, keys: await keysOf(join(folder, 'data')) };
}

async function keysOf(data: string): Promise<RecordKeys> {
  const read = okValueOf(readKeyring(data));
  const clinician = read?.keyring.users.find(({ role }) => role === 'clinician');
  if (read === null || clinician === undefined) throw new Error('the first run made no key file');
  const { keyring } = read;
  const { userId } = clinician;
  const unlocking = { keyring, userId, passphrase: clinicianPassphrase, deviceSecret: null };
  const { dek } = okValueOf(await unlock(unlocking));
  return { dek, ...keyring.log };
}

/** For made-up data: everything in it goes at the end. */
export function createWorkFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `cloister-campaign-${name}-`));
  mkdirSync(join(folder, 'outside'));
  writeFileSync(catalogueFile(folder), JSON.stringify(catalogue));
  return folder;
}
