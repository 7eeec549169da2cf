import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandDeps } from '../command.ts';
import type { Finding } from './finding.ts';

/**
 * A core dump is the memory of a crashed process: text and keys on the disk, in the clear. Linux tells three things: which
 * of its memory this process, as every one of ours, leaves out of a dump (core(5), coredump_filter); the limit that this
 * shell passes on; and where the kernel sends dumps. To a program (`|...`) it sends them whatever the limit is.
 */
export function coreDumpCheck({ platform, procFolder }: CommandDeps): Finding {
  const finding = (state: Finding['state'], sentence: string): Finding => ({
    subject: 'core dumps',
    state,
    sentence,
  });
  if (platform !== 'linux')
    return finding(
      'not-checked',
      'Cloister cannot read the setting here. Switch dumps of crashed programs off.',
    );
  const filter = textOf(join(procFolder, 'self', 'coredump_filter'))?.trim() ?? '';
  if (/^0+$/.test(filter)) return finding('ok', 'A dump of a process of Cloister holds none of its memory.');
  const limit = /^Max core file size\s+(\S+)/m.exec(textOf(join(procFolder, 'self', 'limits')) ?? '')?.[1];
  const pattern = textOf(join(procFolder, 'sys', 'kernel', 'core_pattern'))?.trim();
  if (limit === undefined || pattern === undefined)
    return finding('not-checked', 'This system does not tell.');
  if (pattern.startsWith('|'))
    return finding(
      'attention',
      'A program of this system collects the memory of crashed programs. Let it store none: Storage=none in coredump.conf of systemd, or remove apport.',
    );
  return limit === '0' || pattern === ''
    ? finding('ok', 'Off for what this shell starts.')
    : finding(
        'attention',
        'A crash could write memory, with text and keys, to the disk. Set the limit to 0: "* hard core 0" in limits.conf.',
      );
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
