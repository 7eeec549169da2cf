import { writeFileSync } from 'node:fs';

/**
 * A crash must not write the memory of a process to a disk (keys, clinical text). On Linux a process says itself which of
 * its memory a core dump holds: none (core(5), "Controlling which mappings are written"). Chromium's sandboxed processes
 * cannot be dumped at all. Elsewhere there are no core files unless an administrator asks for them.
 */
export function switchOffCoreDumps(platform: NodeJS.Platform): void {
  if (platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // A kernel without core dumps has no such file.
  }
}
