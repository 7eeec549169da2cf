import Database from 'better-sqlite3-multiple-ciphers';

/**
 * The one file that may import the SQLCipher library. It is SQLite3 Multiple Ciphers writing SQLCipher 4's file format
 * (`legacy=4`), not Zetetic's code. Raw 32-byte key, no passphrase: the key hierarchy is in `../keys/`.
 */
export type ReadableDatabase = {
  readonly raw: Database.Database;
  prepare<P extends unknown[], R>(sql: string): Statement<P, R>;
  close(): void;
};
export type WritableDatabase = ReadableDatabase & {
  readonly writable: true;
  /** Runs `work` in one IMMEDIATE transaction; on throw nothing of it remains. */
  transaction<T>(work: () => T): T;
  execute(sql: string): void;
};

export type Statement<P extends unknown[], R> = {
  get(...parameters: P): R | undefined;
  all(...parameters: P): R[];
  iterate(...parameters: P): IterableIterator<R>;
  run(...parameters: P): { readonly changes: number };
};

/** Set and read back on every connection; a value that does not stick means that the library changed under us. */
const requiredPragmas: readonly (readonly [name: string, set: string, expected: string])[] = [
  ['foreign_keys', 'ON', '1'],
  ['recursive_triggers', 'ON', '1'],
  ['temp_store', 'MEMORY', '2'],
  ['synchronous', 'FULL', '2'],
  ['fullfsync', 'ON', '1'],
  ['checkpoint_fullfsync', 'ON', '1'],
  ['secure_delete', 'ON', '1'],
  ['trusted_schema', 'OFF', '0'],
];

/**
 * @param path database file
 * @param dek 32 bytes; the caller zeroes it
 * @throws SqliteError `SQLITE_NOTADB` for a wrong key or a damaged first page
 */
export function openWritableDatabase(
  path: string,
  dek: Uint8Array,
  options: { mustExist: boolean },
): WritableDatabase {
  const raw = open(path, dek, { readonly: false, mustExist: options.mustExist });
  const mode = raw.pragma('journal_mode=WAL', { simple: true });
  if (mode !== 'wal') {
    raw.close();
    throw new Error('database did not switch to write-ahead logging');
  }
  return {
    ...readable(raw),
    writable: true,
    transaction: (work) => raw.transaction(work).immediate(),
    execute: (sql) => {
      raw.exec(sql);
    },
  };
}

/** For worker threads: export, verification and search never hold up the writer. */
export function openReadOnlyDatabase(path: string, dek: Uint8Array): ReadableDatabase {
  return readable(open(path, dek, { readonly: true, mustExist: true }));
}

function open(
  path: string,
  dek: Uint8Array,
  options: { readonly: boolean; mustExist: boolean },
): Database.Database {
  const raw = new Database(path, {
    readonly: options.readonly,
    fileMustExist: options.mustExist,
    timeout: 5000,
  });
  try {
    raw.pragma("cipher='sqlcipher'");
    raw.pragma('legacy=4');
    applyKey(raw, dek);
    for (const [name, set, expected] of requiredPragmas) {
      raw.pragma(`${name}=${set}`);
      const actual = String(raw.pragma(name, { simple: true }));
      if (actual !== expected) throw new Error(`pragma ${name} is ${actual}, wanted ${expected}`);
    }
    raw.prepare('SELECT count(*) FROM sqlite_master').get();
    return raw;
  } catch (cause) {
    raw.close();
    throw cause;
  }
}

function applyKey(raw: Database.Database, dek: Uint8Array): void {
  if (dek.byteLength !== 32) throw new Error('the database key must be 32 bytes');
  const prefixed = Buffer.concat([Buffer.from('raw:'), dek]);
  try {
    raw.key(prefixed);
  } finally {
    prefixed.fill(0);
  }
}

function readable(raw: Database.Database): ReadableDatabase {
  return {
    raw,
    prepare<P extends unknown[], R>(sql: string): Statement<P, R> {
      return raw.prepare<P, R>(sql);
    },
    close: () => {
      raw.close();
    },
  };
}

/** The codes that a person can act on; everything else is damage or a bug. */
/** SQLite's own check of pages and rows; its time grows with the file, about 10 ms a megabyte. */
export function isWhole(database: ReadableDatabase): boolean {
  try {
    return database.raw.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch (cause) {
    // A page whose authentication fails ends the check itself.
    if (databaseFailure(cause) === 'damaged') return false;
    throw cause;
  }
}

const smallBytes = 16 * 1024 * 1024;

/** Whether the check is done in the blink of an eye: somebody waits at the sign-in screen. */
export function isSmall(database: ReadableDatabase): boolean {
  const [pages, pageBytes] = ['page_count', 'page_size'].map((name) =>
    Number(database.raw.pragma(name, { simple: true })),
  );
  return (pages ?? 0) * (pageBytes ?? 0) <= smallBytes;
}

export function databaseFailure(cause: unknown): 'disk-full' | 'not-writable' | 'damaged' | null {
  if (!(cause instanceof Database.SqliteError)) return null;
  if (cause.code === 'SQLITE_FULL' || cause.code === 'SQLITE_IOERR_WRITE') return 'disk-full';
  if (
    cause.code.startsWith('SQLITE_READONLY') ||
    cause.code.startsWith('SQLITE_CANTOPEN') ||
    cause.code === 'SQLITE_PERM'
  ) {
    return 'not-writable';
  }
  if (cause.code === 'SQLITE_NOTADB' || cause.code.startsWith('SQLITE_CORRUPT')) return 'damaged';
  if (cause.code.startsWith('SQLITE_IOERR')) return 'disk-full';
  return null;
}
