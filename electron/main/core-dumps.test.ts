import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepMemoryOutOfCoreDumps } from './core-dumps.ts';

describe('keeping memory out of core dumps', () => {
  it('tells this process and every process below it, and passes over one that is gone', () => {
    const proc = mkdtempSync(join(tmpdir(), 'core-dumps-'));
    const add = (name: string, threads: Readonly<Record<string, string>>): void => {
      for (const [thread, children] of Object.entries(threads)) {
        mkdirSync(join(proc, name, 'task', thread), { recursive: true });
        writeFileSync(join(proc, name, 'task', thread, 'children'), children);
      }
      writeFileSync(join(proc, name, 'coredump_filter'), 'x');
    };
    add('self', { '10': '11 12 ', '13': '14 ' });
    add('11', { '11': '20 ' });
    add('14', { '14': '' });
    add('20', { '20': '' });
    add('99', { '99': '' });
    keepMemoryOutOfCoreDumps(proc);
    const filters = ['self', '11', '14', '20', '99'].map((name) =>
      readFileSync(join(proc, name, 'coredump_filter'), 'utf8'),
    );
    rmSync(proc, { recursive: true });
    expect(filters).toEqual(['0', '0', '0', '0', 'x']);
  });

  it('does nothing where there is no such folder', () => {
    expect(() => keepMemoryOutOfCoreDumps(join(tmpdir(), 'no-such-folder'))).not.toThrow();
  });

  it.runIf(process.platform === 'linux')('is what a child is born with', () => {
    const before = readFileSync('/proc/self/coredump_filter', 'utf8');
    try {
      keepMemoryOutOfCoreDumps();
      const child = execFileSync('cat', ['/proc/self/coredump_filter'], { encoding: 'utf8' });
      expect([Number(readFileSync('/proc/self/coredump_filter', 'utf8')), Number(child)]).toEqual([0, 0]);
    } finally {
      writeFileSync('/proc/self/coredump_filter', `0x${before}`);
    }
  });
});
