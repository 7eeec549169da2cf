import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { giveToApp, type Home } from './launch-app.ts';

/** Signs a policy as IT does, with the command line. @returns the folder, for `CLOISTER_POLICY_FOLDER` */
export function signedPolicy(home: Home, settings: Readonly<Record<string, unknown>>): string {
  const folder = join(home.folder, 'policy');
  mkdirSync(folder, { mode: 0o755 });
  const document = {
    v: 1,
    version: 1,
    issuedAt: '2026-11-23T09:00:00.000Z',
    organisation: 'clinic.example',
    settings,
  };
  writeFileSync(join(home.folder, 'policy.json'), `${JSON.stringify(document)}\n`);
  // Only these: the app may be running on the rest.
  for (const path of [folder, join(home.folder, 'policy.json')]) giveToApp(path);
  const { executablePath, appFolder } = prepareLaunch();
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  for (const words of [
    ['keygen', 'organisation.key', '--domain', 'clinic.example'],
    ['sign', 'policy.json', '--key', 'organisation.key', '--out', folder],
  ]) {
    const run = spawnSync(executablePath, [appFolder, 'policy', ...words], {
      cwd: home.folder,
      env: { ...env, CLOISTER_DATA_FOLDER: home.data },
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`policy ${words[0]}: ${run.stderr}`);
  }
  return folder;
}
