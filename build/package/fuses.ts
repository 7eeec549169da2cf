import {
  type FuseV1Config,
  FuseV1Options,
  FuseVersion,
  flipFuses,
  getCurrentFuseWire,
} from '@electron/fuses';
import { SetupError } from '../setup/say.mjs';

/**
 * The golden list. Every fuse is named, so that a new Electron with a new fuse stops here until somebody decides.
 */
const wanted: Record<FuseV1Options, boolean> = {
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
};

/** @param executable the packaged app's own */
export async function setFuses(executable: string): Promise<void> {
  const config: FuseV1Config = { version: FuseVersion.V1, strictlyRequireAllFuses: true, ...wanted };
  await flipFuses(executable, config);
  await assertFuses(executable);
}

/** Reads the fuses back from the file, because what counts is what was shipped. */
export async function assertFuses(executable: string): Promise<void> {
  const wire = await getCurrentFuseWire(executable);
  const on = '1'.charCodeAt(0);
  const wrong = Object.entries(wanted).filter(
    ([fuse, value]) => (wireAt(wire, Number(fuse)) === on) !== value,
  );
  const unknown = Object.keys(wire).filter((key) => /^\d+$/u.test(key) && !(key in wanted));
  if (wrong.length + unknown.length === 0) return;
  const names = [
    ...wrong.map(([fuse]) => FuseV1Options[Number(fuse)] ?? fuse),
    ...unknown.map((key) => `fuse ${key}`),
  ];
  throw new SetupError(
    `The packaged app does not have the fuses it must have: ${names.join(', ')}. Do not hand it to anyone.`,
  );
}

function wireAt(wire: object, fuse: number): unknown {
  return Object.entries(wire).find(([key]) => key === String(fuse))?.[1];
}
