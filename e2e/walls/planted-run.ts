import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { appUser, prepareLaunch } from '../../build/setup/unprivileged.mjs';
import type { Home } from '../harness/launch-app.ts';
import { outsideTargets, parseSocketTargets, straceCommand } from './strace-targets.ts';

/** `none`: no interface is up. `island`: one with an address and a route, behind which nothing is. */
export type PlantedNetwork = 'none' | 'island';

/** Runs the built app with another entry under strace, in a network namespace of its own. */
export async function outsideTargetsOf(
  home: Home,
  entry: string,
  network: PlantedNetwork = 'none',
): Promise<ReturnType<typeof outsideTargets>> {
  const trace = join(home.folder, 'trace.txt');
  const built = prepareLaunch().appFolder;
  const folder = join(home.folder, 'planted');
  mkdirSync(folder, { mode: 0o755 });
  for (const part of ['out', 'node_modules', 'models']) symlinkSync(join(built, part), join(folder, part));
  writeFileSync(join(folder, 'package.json'), '{"name":"planted","type":"module","main":"planted.mjs"}');
  writeFileSync(join(folder, 'planted.mjs'), entry);
  const { executablePath } = prepareLaunch({
    appFolder: folder,
    under: [...inNamespace[network](), ...straceCommand(trace)],
  });
  const app = spawn(executablePath, [folder], {
    cwd: home.folder,
    stdio: 'ignore',
    env: {
      ...process.env,
      CLOISTER_DATA_FOLDER: home.data,
      CLOISTER_MODELS_FOLDER: join(home.folder, 'no-models'),
    },
  });
  const exitCode = await new Promise((resolve) => app.on('exit', resolve));
  expect(exitCode).toBe(0);
  return outsideTargets(parseSocketTargets(readFileSync(trace, 'utf8')));
}

const inNamespace: Readonly<Record<PlantedNetwork, () => string[]>> = {
  none: () => ['unshare', '--map-current-user', '--net'],
  // Whoever sets up the interface is root in a user namespace; the app is itself again in one inside of that.
  island: () => {
    const { uid, gid } =
      process.getuid?.() === 0 ? appUser() : { uid: process.getuid?.(), gid: process.getgid?.() };
    const setUp = [
      'export PATH="$PATH:/usr/sbin:/sbin"',
      'ip link set lo up',
      'ip link add island type bridge',
      'ip address add 198.51.100.2/24 dev island',
      'ip link set island up',
      'ip route add default via 198.51.100.1',
      `exec unshare --user --map-user=${String(uid)} --map-group=${String(gid)} "$@"`,
    ];
    return ['unshare', '--map-root-user', '--net', 'sh', '-c', setUp.join(' && '), 'sh'];
  },
};
