/**
 * What a process did to files and what it said on its output, in order, read from
 * `strace -f -y -s LARGE -e trace=...`. File names as they were at the time of the call.
 */
export type SystemCall =
  | { readonly kind: 'open'; readonly path: string; readonly created: boolean; readonly truncated: boolean }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  /** One line of the output. */
  | { readonly kind: 'said'; readonly line: string };

export const tracedCalls = [
  'openat',
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'ftruncate',
  'fsync',
  'fdatasync',
  'rename',
  'renameat',
  'renameat2',
  'unlink',
  'unlinkat',
];

const text = String.raw`"((?:[^"\\]|\\.)*)"`;
const handle = String.raw`(\d+)<((?:[^>\\]|\\.)*)>`;
const patterns = {
  open: new RegExp(String.raw`^openat\(AT_FDCWD<[^>]*>, ${text}, (\S+?)(?:, \d+)?\) += (\d+)<`, 'u'),
  write: new RegExp(String.raw`^write\(${handle}, ${text}`, 'u'),
  pwrite: new RegExp(String.raw`^pwrite64\(${handle}, ${text}, \d+, (\d+)`, 'u'),
  truncate: new RegExp(String.raw`^ftruncate\(${handle}, (\d+)`, 'u'),
  sync: new RegExp(String.raw`^f(?:data)?sync\(${handle}\) += 0`, 'u'),
  rename: new RegExp(String.raw`^rename\(${text}, ${text}\) += 0`, 'u'),
  remove: new RegExp(String.raw`^unlink\(${text}\) += 0`, 'u'),
} as const;
/** None of these is used by what is tried here. One that appears on a file would not be understood: it must be noticed. */
const unknown = /^(?:writev|pwritev|renameat2?|unlinkat)\(/u;

/** @param only paths below this folder, and the output */
export function* readSystemCalls(log: string, only: string): Generator<SystemCall> {
  const positions = new Map<string, number>();
  const sizes = new Map<string, number>();
  let said = '';
  for (const call of wholeCalls(log)) {
    if (unknown.test(call) && call.includes(only))
      throw new Error(`a call that is not understood: ${call.slice(0, 80)}`);
    const open = patterns.open.exec(call);
    if (open !== null) {
      const [, name = '', flags = '', file = ''] = open;
      const path = decode(name).toString();
      if (!path.startsWith(only)) continue;
      const truncated = flags.includes('O_TRUNC');
      if (truncated) sizes.set(path, 0);
      positions.set(file, flags.includes('O_APPEND') ? (sizes.get(path) ?? 0) : 0);
      yield { kind: 'open', path, created: flags.includes('O_CREAT'), truncated };
      continue;
    }
    const write = patterns.write.exec(call);
    const pwrite = patterns.pwrite.exec(call);
    const [, file = '', name = '', content = '', offset] = write ?? pwrite ?? [];
    if (file === '1' && write !== null) {
      const lines = (said + decode(content).toString()).split('\n');
      said = lines.pop() ?? '';
      for (const line of lines) yield { kind: 'said', line };
      continue;
    }
    const path = decode(name).toString();
    if ((write !== null || pwrite !== null) && path.startsWith(only)) {
      const bytes = decode(content);
      const at = offset === undefined ? (positions.get(file) ?? 0) : Number(offset);
      if (offset === undefined) positions.set(file, at + bytes.length);
      sizes.set(path, Math.max(sizes.get(path) ?? 0, at + bytes.length));
      yield { kind: 'write', path, at, bytes };
      continue;
    }
    const other = readOther(call);
    if (other !== null && ('path' in other ? other.path : other.to).startsWith(only)) yield other;
  }
}

function readOther(
  call: string,
): Extract<SystemCall, { kind: 'truncate' | 'sync' | 'rename' | 'remove' }> | null {
  const truncate = patterns.truncate.exec(call);
  if (truncate !== null)
    return { kind: 'truncate', path: decode(truncate[2] ?? '').toString(), size: Number(truncate[3]) };
  const sync = patterns.sync.exec(call);
  if (sync !== null) return { kind: 'sync', path: decode(sync[2] ?? '').toString() };
  const rename = patterns.rename.exec(call);
  if (rename !== null)
    return {
      kind: 'rename',
      from: decode(rename[1] ?? '').toString(),
      to: decode(rename[2] ?? '').toString(),
    };
  const remove = patterns.remove.exec(call);
  return remove === null ? null : { kind: 'remove', path: decode(remove[1] ?? '').toString() };
}

/**
 * A call that another thread's call interrupts in the log stands there in two lines. A write counts from its first line
 * on, for the bytes may be gone by then; everything else from its second, for only then it is done.
 */
function* wholeCalls(log: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of log.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/su.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/su.exec(rest);
    if (resumed !== null) {
      const beginning = begun.get(thread);
      begun.delete(thread);
      if (beginning !== undefined) yield beginning + (resumed[2] ?? '');
    } else if (rest.endsWith(' <unfinished ...>')) {
      const beginning = rest.slice(0, -' <unfinished ...>'.length);
      if (/^p?write/u.test(rest)) yield beginning;
      else begun.set(thread, beginning);
    } else yield rest;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/** Bytes as strace writes them: as in C, with as few octal digits as do. */
function decode(written: string): Buffer {
  if (written.endsWith('"...')) throw new Error('strace has cut a text off');
  const plain = written.replaceAll(/\\([0-7]{1,3}|.)/gsu, (_, code: string) =>
    /^[0-7]/u.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
  return Buffer.from(plain, 'latin1');
}
