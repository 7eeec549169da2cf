import type { Flavour } from '../../electron/shared/flavour.ts';
import type { Runtime } from '../setup/runtime-path.mjs';
import { SetupError } from '../setup/say.mjs';

/**
 * The flavour to bake in. A release stands only on the official Electron: the development runtime is a stranger's
 * repackaging of a line past its support.
 * @param asked the argument of `--flavour`; without it, the best that the runtime allows
 */
export function chooseFlavour(asked: string | undefined, runtime: Runtime): Flavour {
  if (asked !== undefined && asked !== 'release' && asked !== 'development') {
    throw new SetupError(`There is no flavour ${asked}. There are: release, development.`);
  }
  if (asked === 'release' && runtime.flavour !== 'official') {
    throw new SetupError(
      `A release cannot be made here: the Electron in the cache is the development runtime (${runtime.version}), which is not for patient data. Nothing was packaged. Run this where Electron's own releases can be downloaded, or set ELECTRON_MIRROR.`,
    );
  }
  return asked ?? (runtime.flavour === 'official' ? 'release' : 'development');
}
