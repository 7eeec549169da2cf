import { SetupError } from '../setup/say.mjs';

/** A platform that packages are made for, and the names its native parts have. */
export type PackageTarget = {
  readonly name: string;
  /** Packages of llama.cpp: for the main processor (Metal comes with it), and for graphics cards by Vulkan. CUDA would be half a gigabyte more. */
  readonly llama: readonly string[];
};

const targets: readonly PackageTarget[] = [
  { name: 'linux-x64', llama: ['linux-x64', 'linux-x64-vulkan'] },
  { name: 'linux-arm64', llama: ['linux-arm64'] },
  { name: 'darwin-arm64', llama: ['mac-arm64-metal'] },
  { name: 'darwin-x64', llama: ['mac-x64'] },
  { name: 'win32-x64', llama: ['win-x64', 'win-x64-vulkan'] },
  { name: 'win32-arm64', llama: ['win-arm64'] },
];

/** Packages are made on the platform that they are for: the native parts are the installed ones. */
export function thisTarget(): PackageTarget {
  const name = `${process.platform}-${process.arch}`;
  const target = targets.find((known) => known.name === name);
  if (target === undefined) throw new SetupError(`No package can be made for ${name}.`);
  return target;
}
