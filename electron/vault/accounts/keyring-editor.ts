import type { Result } from '../../shared/result.ts';
import { ok } from '../../shared/result.ts';
import { confirmGeneration, writeKeyring } from '../keys/keyring-file.ts';
import type { Keyring } from '../keys/keyring-schema.ts';
import { nextKeyring } from '../keys/user-record.ts';

/** Writes changed accounts to the key file: only while the record is open, so the new generation counts at once. */
export type KeyringEditor = {
  current(): Keyring;
  /** @returns `disk-full`, `data-folder-not-writable`: then the key file is as it was */
  apply(changes: Parameters<typeof nextKeyring>[2]): Result<Keyring>;
};

export function createKeyringEditor(deps: {
  readonly dataFolder: string;
  readonly dek: Uint8Array;
  readonly current: () => Keyring;
  readonly onChanged: () => void;
}): KeyringEditor {
  return {
    current: deps.current,
    apply(changes) {
      const next = nextKeyring(deps.current(), deps.dek, changes);
      const written = writeKeyring(deps.dataFolder, next);
      if (!written.ok) return written;
      // The record is open with this very key: what the generation before opened is to open nothing any more.
      const confirmed = confirmGeneration(deps.dataFolder);
      deps.onChanged();
      return confirmed.ok ? ok(next) : confirmed;
    },
  };
}
