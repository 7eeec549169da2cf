import type { UserId } from '../../shared/ids.ts';
import type { WritableDatabase } from '../database/open-database.ts';

/** What is known of an account beside its keys: inside the encrypted database, so not before somebody has signed in. */
export type AccountFacts = {
  readonly mustChangePassphrase: boolean;
  /** UTC; null for an account that was made before this was kept, or has no passphrase of its own yet. */
  readonly passphraseSetAt: string | null;
  readonly lastSignInAt: string | null;
};

export type AccountStore = {
  get(userId: UserId): AccountFacts;
  forcePassphrase(userId: UserId): void;
  passphraseSet(userId: UserId, at: string): void;
  signedIn(userId: UserId, at: string): void;
};

export function openAccountStore(database: WritableDatabase): AccountStore {
  const read = database.prepare<
    [string],
    { mustChange: number; passphraseSetAt: string | null; lastSignInAt: string | null }
  >(
    'SELECT must_change_passphrase AS mustChange, passphrase_set_at AS passphraseSetAt, last_sign_in_at AS lastSignInAt FROM accounts WHERE user_id = ?',
  );
  const force = database.prepare<[string], never>(
    'INSERT INTO accounts (user_id, must_change_passphrase) VALUES (?, 1) ON CONFLICT (user_id) DO UPDATE SET must_change_passphrase = 1',
  );
  const set = database.prepare<[string, string], never>(
    'INSERT INTO accounts (user_id, must_change_passphrase, passphrase_set_at) VALUES (?, 0, ?) ON CONFLICT (user_id) DO UPDATE SET must_change_passphrase = 0, passphrase_set_at = excluded.passphrase_set_at',
  );
  const seen = database.prepare<[string, string], never>(
    'INSERT INTO accounts (user_id, must_change_passphrase, last_sign_in_at) VALUES (?, 0, ?) ON CONFLICT (user_id) DO UPDATE SET last_sign_in_at = excluded.last_sign_in_at',
  );
  return {
    get(userId) {
      const row = read.get(userId);
      return {
        mustChangePassphrase: row?.mustChange === 1,
        passphraseSetAt: row?.passphraseSetAt ?? null,
        lastSignInAt: row?.lastSignInAt ?? null,
      };
    },
    forcePassphrase: (userId) => void force.run(userId),
    passphraseSet: (userId, at) => void set.run(userId, at),
    signedIn: (userId, at) => void seen.run(userId, at),
  };
}
