import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** A process of the app's tree, as /proc shows it. */
export type ProcessInfo = { readonly pid: number; readonly command: string };

/** The process and all below it. */
export function processTree(root: number): readonly ProcessInfo[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== null) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at !== 0; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow).map((pid) => ({ pid, command: commandOf(pid) }));
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const type = words.find((word) => word.startsWith('--type=')) ?? 'main';
    const sub = words.find((word) => word.startsWith('--utility-sub-type=')) ?? '';
    return `${type} ${sub}`.trim();
  } catch {
    return 'gone';
  }
}

/** A text as it may stand in a memory or a file: UTF-8, UTF-16 and base64 at each of its three alignments. */
export function textForms(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text, 'utf8');
  const base64 = [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64');
    // The first and last characters depend on what stands around the text.
    return Buffer.from(shifted.slice(shift === 0 ? 0 : 4, -4));
  });
  return [utf8, Buffer.from(text, 'utf16le'), ...base64];
}

/** A key as bytes and in hex. */
export function keyForms(key: Uint8Array): readonly Buffer[] {
  const hex = Buffer.from(key).toString('hex');
  return [Buffer.from(key), Buffer.from(hex), Buffer.from(hex, 'utf16le'), Buffer.from(hex.toUpperCase())];
}

const chunkBytes = 4 * 1024 * 1024;

/** @returns which of the needles stands in the readable memory of this process, with where; needs the right to trace it */
export function findInMemory(pid: number, needles: readonly Buffer[]): readonly string[] {
  const found = new Set<string>();
  const overlap = Math.max(...needles.map((needle) => needle.byteLength)) - 1;
  let memory: number;
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    return [];
  }
  const buffer = Buffer.alloc(chunkBytes + overlap);
  try {
    for (const { start, end, name } of writableRegions(pid)) {
      for (let at = start; at < end; at += chunkBytes) {
        const wanted = Math.min(chunkBytes + overlap, end - at);
        const count = readAt(memory, buffer, wanted, at);
        const bytes = buffer.subarray(0, count);
        for (const [index, needle] of needles.entries())
          if (bytes.includes(needle))
            found.add(`form ${index} in ${name === '' ? 'anonymous memory' : name}`);
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found];
}

/** What a program can have written to: its heap, stacks and shared memory. Files that are mapped read-only hold no secret of ours. */
function writableRegions(
  pid: number,
): readonly { readonly start: number; readonly end: number; readonly name: string }[] {
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return [];
  }
  return maps
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ \S+\s*(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(
      ([, , , rights = '', name = '']) => (rights.includes('w') || name === '') && !name.startsWith('[v'),
    )
    .map(([, start = '', end = '', , name = '']) => ({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      name,
    }));
}

function readAt(memory: number, buffer: Buffer, length: number, position: number): number {
  try {
    return readSync(memory, buffer, 0, length, position);
  } catch {
    // A region that was reserved and never used has no bytes to read.
    return 0;
  }
}
