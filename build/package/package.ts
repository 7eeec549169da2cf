import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Arch, Platform, build } from 'electron-builder';
import { buildApp } from '../setup/build-app.mjs';
import { checkout } from '../setup/cache-folder.mjs';
import { mustRun } from '../setup/run-command.mjs';
import { currentRuntime } from '../setup/runtime-path.mjs';
import { SetupError, say } from '../setup/say.mjs';
import { hashFile } from '../setup/stamp.mjs';
import { builderConfig } from './builder-config.ts';
import { chooseFlavour } from './flavour-choice.ts';
import { setFuses } from './fuses.ts';
import { thisTarget } from './target.ts';

/** `npm run package [-- --flavour release|development] [--dir]`: a folder, and unless `--dir` a .tar.gz of it. */
async function makePackage(): Promise<void> {
  const { values } = parseArgs({
    options: { flavour: { type: 'string' }, dir: { type: 'boolean', default: false } },
  });
  const runtime = currentRuntime();
  const flavour = chooseFlavour(values.flavour, runtime);
  const target = thisTarget();
  const output = join(checkout, 'dist');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  await buildApp({ flavour });
  let executable = '';
  await build({
    publish: 'never',
    projectDir: checkout,
    targets: Platform.current().createTarget('dir', process.arch === 'arm64' ? Arch.arm64 : Arch.x64),
    config: {
      ...builderConfig({ runtime, target, output }),
      // Before anything is signed: the fuses are bytes of the executable.
      afterPack: async ({ appOutDir, packager }) => {
        executable = join(appOutDir, executableName(packager.appInfo.productFilename));
        // Electron's own demonstration app; the fuse refuses it, and it has no business in the package.
        rmSync(join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true });
        await setFuses(executable);
      },
    },
  });
  if (executable === '') throw new Error('electron-builder did not call afterPack, so no fuse is set');
  rmSync(join(output, 'builder-debug.yml'), { force: true });
  say(`Packaged (${flavour}, Electron ${runtime.version}): ${executable}`);
  if (!values.dir) await archive(output, executable, `cloister-${version()}-${flavour}-${target.name}`);
}

function executableName(productName: string): string {
  if (process.platform === 'darwin') return `${productName}.app`;
  return process.platform === 'win32' ? `${productName}.exe` : 'cloister';
}

/** One top folder with the package's name, and the same bytes for the same content. */
async function archive(output: string, executable: string, name: string): Promise<void> {
  const folder = executable.slice(output.length + 1).split(/[/\\]/u)[0] ?? '';
  const file = join(output, `${name}.tar.gz`);
  const stable =
    process.platform === 'linux'
      ? ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--transform=s,^${folder},${name},`]
      : [];
  await mustRun('tar', ['-czf', file, ...stable, '-C', output, folder], { purpose: 'Making the archive' });
  say(`${file}\nSHA-256 ${await hashFile(file)}`);
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version;
  }
  throw new Error('package.json has no version');
}

try {
  await makePackage();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(`\n${error.message}`);
  process.exitCode = 1;
}
