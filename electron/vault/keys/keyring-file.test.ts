import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderError } from './durable-file.ts';
import { authenticateKeyring } from './keyring-authentication.ts';
import {
  confirmGeneration,
  keyringFile,
  previousKeyringFile,
  readKeyring,
  writeKeyring,
} from './keyring-file.ts';
import type { Keyring } from './keyring-schema.ts';
import { codeOf, createKeysFixture, valueOf } from './keys-fixture.ts';

const { keyring: first, keys } = await createKeysFixture();
const second = generation(2);
const third = generation(3);

function generation(number: number): Keyring {
  const { mac: _, ...content } = first;
  return authenticateKeyring({ ...content, generation: number }, keys.dek);
}

const parent = mkdtempSync(join(tmpdir(), 'cloister-test-'));
let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(parent, 'case-')), 'data');
});
afterEach(() => {
  if (process.geteuid?.() !== process.getuid?.()) process.seteuid?.(process.getuid?.() ?? 0);
});
afterAll(() => {
  rmSync(parent, { recursive: true, force: true });
});

const path = (name: string): string => join(folder, name);
const generations = (): unknown => {
  const read = valueOf(readKeyring(folder));
  return read === null
    ? null
    : [read.keyring.generation, read.previous?.generation ?? null, read.notice !== null];
};
const damage = (name: string): void => {
  const bytes = readFileSync(path(name));
  bytes.writeUInt8(bytes.readUInt8(bytes.byteLength >> 1) ^ 1, bytes.byteLength >> 1);
  writeFileSync(path(name), bytes);
};

describe('the keyring file', () => {
  it('is absent before the first run, then comes back as it was written, for this user only', () => {
    const before = readKeyring(folder);
    const written = writeKeyring(folder, first);
    const modes = [folder, path(keyringFile)].map((each) => (statSync(each).mode & 0o777).toString(8));
    expect([before, written, valueOf(readKeyring(folder))?.keyring, readdirSync(folder), modes]).toEqual([
      { ok: true, value: null },
      { ok: true, value: undefined },
      first,
      [keyringFile],
      ['700', '600'],
    ]);
  });

  it('keeps the generation before until the first verified open, and only that one', () => {
    const steps: unknown[] = [];
    valueOf(writeKeyring(folder, first));
    steps.push(generations());
    valueOf(writeKeyring(folder, second));
    steps.push(generations());
    valueOf(writeKeyring(folder, third));
    steps.push(generations());
    valueOf(confirmGeneration(folder));
    steps.push(generations(), readdirSync(folder));
    expect(steps).toEqual([[1, null, false], [2, 1, false], [3, 1, false], [3, null, false], [keyringFile]]);
  });

  it('falls back to the generation before and says so when the newest is damaged, cut, empty or gone', () => {
    const ways: (() => void)[] = [
      () => damage(keyringFile),
      () => writeFileSync(path(keyringFile), readFileSync(path(keyringFile)).subarray(0, 700)),
      () => writeFileSync(path(keyringFile), ''),
      () => rmSync(path(keyringFile)),
    ];
    const seen = ways.map((spoil) => {
      rmSync(folder, { recursive: true, force: true });
      valueOf(writeKeyring(folder, first));
      valueOf(writeKeyring(folder, second));
      spoil();
      const read = generations();
      // A confirmation must not take away the only generation that can be read.
      valueOf(confirmGeneration(folder));
      return [read, generations()];
    });
    expect(seen).toEqual(
      ways.map(() => [
        [1, null, true],
        [1, null, true],
      ]),
    );
  });

  it('with both generations damaged says so and deletes nothing', () => {
    valueOf(writeKeyring(folder, first));
    valueOf(writeKeyring(folder, second));
    damage(keyringFile);
    damage(previousKeyringFile);
    const before = readdirSync(folder).map((name) => readFileSync(path(name)));
    const read = readKeyring(folder);
    const write = writeKeyring(folder, third);
    const after = readdirSync(folder).map((name) => readFileSync(path(name)));
    expect([codeOf(read), codeOf(write), after]).toEqual(['keyring-damaged', 'keyring-damaged', before]);
  });

  it('notices a flipped bit in every byte, before anybody types a passphrase', () => {
    valueOf(writeKeyring(folder, first));
    const bytes = readFileSync(path(keyringFile));
    const unnoticed: number[] = [];
    for (let at = 0; at < bytes.byteLength; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      writeFileSync(path(keyringFile), changed);
      if (codeOf(readKeyring(folder)) !== 'keyring-damaged') unnoticed.push(at);
    }
    expect(unnoticed).toEqual([]);
  });

  it('refuses what is valid JSON but not the one encoding: other order, white space, a member twice', () => {
    valueOf(writeKeyring(folder, first));
    const text = readFileSync(path(keyringFile), 'utf8');
    const other = [
      JSON.stringify(JSON.parse(text), null, 1),
      text.trimEnd(),
      text.replace('{', '{"v":1,'),
      `${text}\n`,
    ];
    const codes = other.map((each) => {
      writeFileSync(path(keyringFile), each);
      return codeOf(readKeyring(folder));
    });
    expect(codes).toEqual(other.map(() => 'keyring-damaged'));
  });
});

describe('writing the keyring', () => {
  it('goes on after a kill before either rename: temporary files are neither read nor in the way', () => {
    valueOf(writeKeyring(folder, first));
    writeFileSync(path(`${keyringFile}.tmp`), 'half a keyr');
    writeFileSync(path(`${previousKeyringFile}.tmp`), '');
    const killed = generations();
    valueOf(writeKeyring(folder, second));
    expect([killed, generations(), readdirSync(folder)]).toEqual([
      [1, null, false],
      [2, 1, false],
      [keyringFile, previousKeyringFile],
    ]);
  });

  it('leaves nothing of a killed run once the record was opened: it may hold keys', () => {
    valueOf(writeKeyring(folder, first));
    writeFileSync(path(`${keyringFile}.tmp`), 'half a keyr');
    writeFileSync(path(`${previousKeyringFile}.tmp`), '');
    valueOf(confirmGeneration(folder));
    expect(readdirSync(folder)).toEqual([keyringFile]);
  });

  it('goes on after a kill between the two renames: both names hold the same generation', () => {
    valueOf(writeKeyring(folder, first));
    writeFileSync(path(previousKeyringFile), readFileSync(path(keyringFile)));
    const killed = generations();
    valueOf(writeKeyring(folder, second));
    expect([killed, generations()]).toEqual([
      [1, null, false],
      [2, 1, false],
    ]);
  });

  it('does not follow a link that waits under the temporary name', () => {
    mkdirSync(folder, { recursive: true });
    const elsewhere = join(folder, '..', 'elsewhere');
    writeFileSync(elsewhere, 'kept');
    symlinkSync(elsewhere, path(`${keyringFile}.tmp`));
    valueOf(writeKeyring(folder, first));
    expect([readFileSync(elsewhere, 'utf8'), generations()]).toEqual(['kept', [1, null, false]]);
  });

  it('never sets up over an installation, and a generation out of order is a bug', () => {
    valueOf(writeKeyring(folder, first));
    expect([codeOf(writeKeyring(folder, first)), generations()]).toEqual([
      'already-set-up',
      [1, null, false],
    ]);
    expect(() => writeKeyring(folder, third)).toThrow('does not follow');
  });

  it.runIf(process.platform !== 'win32')(
    'into a read-only folder fails with a sentence and leaves the keyring as it was',
    () => {
      valueOf(writeKeyring(folder, first));
      chmodSync(folder, 0o500);
      const code = asUnprivileged(() => codeOf(writeKeyring(folder, second)));
      chmodSync(folder, 0o700);
      expect([code, generations(), readdirSync(folder)]).toEqual([
        'data-folder-not-writable',
        [1, null, false],
        [keyringFile],
      ]);
    },
  );

  it('tells a full and a read-only file system apart, and passes a bug on', () => {
    const failing = (code: string): Error => Object.assign(new Error(code), { code });
    const bug = failing('EBADF');
    expect(
      ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].map((code) => folderError(failing(code)).code),
    ).toEqual([
      'disk-full',
      'disk-full',
      'data-folder-not-writable',
      'data-folder-not-writable',
      'data-folder-not-writable',
    ]);
    expect(() => folderError(bug)).toThrow(bug);
  });
});

const mountPoint = mkdtempSync(join(parent, 'mount-'));
const canMount = process.platform === 'linux' && mountTinyDisk() && unmountTinyDisk();

describe.runIf(canMount)('on a real disk that is full', () => {
  it('a keyring is not half written and the one before still opens', () => {
    const home = process.cwd();
    mountTinyDisk();
    process.chdir(mountPoint);
    // Detached at once: only this process's working folder holds it, so that nothing stays mounted however the test ends.
    unmountTinyDisk();
    try {
      folder = 'data';
      valueOf(writeKeyring(folder, first));
      expect(() => {
        writeFileSync(path('filler'), Buffer.alloc(64 * 1024));
      }).toThrow('ENOSPC');
      const code = codeOf(writeKeyring(folder, second));
      expect([code, generations(), readdirSync(folder).sort()]).toEqual([
        'disk-full',
        [1, null, false],
        ['filler', keyringFile],
      ]);
    } finally {
      process.chdir(home);
    }
  });
});

function mountTinyDisk(): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', mountPoint]).status === 0;
}

function unmountTinyDisk(): boolean {
  return spawnSync('umount', ['--lazy', mountPoint]).status === 0;
}

/** Root may write anywhere: permissions mean something only for another user. */
function asUnprivileged<T>(work: () => T): T {
  if (process.getuid?.() !== 0 || process.seteuid === undefined) return work();
  for (const each of [parent, join(folder, '..')]) chmodSync(each, 0o755);
  const nobody = 65_534;
  execFileSync('chown', ['-R', String(nobody), folder]);
  process.seteuid(nobody);
  try {
    return work();
  } finally {
    process.seteuid(0);
  }
}
