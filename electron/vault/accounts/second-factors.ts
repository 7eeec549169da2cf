import { randomBytes } from 'node:crypto';
import type { OwnAccount } from '../../shared/account-data.ts';
import { appError } from '../../shared/app-error.ts';
import type { UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import type { Clock } from '../log/clock.ts';
import { createRecoveryCodes, hashRecoveryCode, normaliseRecoveryCode } from './recovery-codes.ts';
import { checkTotp, totpKeyForTyping, totpSecretBytes, totpUri } from './totp.ts';

/**
 * The second factors of all accounts of this installation. A check beside the key, not a part of it: whoever has the key
 * file, the passphrase and the keychain opens the database without one. A further kind (FIDO2) has the same shape; `kind`
 * stands beside each secret.
 */
export type SecondFactors = {
  isEnrolled(userId: UserId): boolean;
  status(userId: UserId): OwnAccount['secondFactor'];
  /** Begins the set-up, which counts only after `confirm`. An earlier one that was not confirmed is replaced. */
  start(person: { readonly userId: UserId; readonly displayName: string }): {
    readonly uri: string;
    /** The same secret in groups, for typing. */
    readonly key: string;
  };
  /** One right code ends the set-up. @returns the recovery codes, which are shown once */
  confirm(userId: UserId, code: string): Result<{ readonly codes: readonly string[] }>;
  /** Six digits of the app, or a recovery code. */
  check(
    userId: UserId,
    answer: string,
  ): Result<{ readonly usedRecoveryCode: boolean; readonly recoveryCodesLeft: number }>;
  /** @returns whether there was one */
  remove(userId: UserId): boolean;
};

type Row = {
  readonly secret: Buffer;
  readonly lastStep: number;
  readonly confirmed: number;
  readonly enrolledAt: string;
};

export function openSecondFactors(deps: {
  readonly database: WritableDatabase;
  readonly clock: Clock;
  readonly organisation: string;
}): SecondFactors {
  const { database, clock } = deps;
  const statements = prepare(database);
  const find = (userId: UserId): Row | null => statements.read.get(userId) ?? null;
  const enrolled = (userId: UserId): Row | null => {
    const row = find(userId);
    return row?.confirmed === 1 ? row : null;
  };
  const codesLeft = (userId: UserId): number => statements.left.get(userId)?.left ?? 0;

  /** The step is stored before the code counts: one code, one use, whatever happens next. */
  function take(userId: UserId, row: Row, code: string): Result<void> {
    const step = checkTotp(row.secret, code, { atMs: clock.nowMs(), lastStep: row.lastStep });
    row.secret.fill(0);
    if (!step.ok) return step;
    const { changes } = statements.step.run(step.value, userId, step.value);
    return changes === 1 ? ok(undefined) : err(notEnrolled);
  }

  return {
    isEnrolled: (userId) => enrolled(userId) !== null,
    status(userId) {
      const row = enrolled(userId);
      return row === null ? null : { enrolledAt: row.enrolledAt, recoveryCodesLeft: codesLeft(userId) };
    },
    start({ userId, displayName }) {
      if (enrolled(userId) !== null) throw new Error('a second factor is removed before another is set up');
      const secret = randomBytes(totpSecretBytes);
      statements.insert.run(userId, secret, new Date(clock.nowMs()).toISOString());
      const names = { organisation: deps.organisation, account: displayName };
      try {
        return { uri: totpUri(secret, names), key: totpKeyForTyping(secret) };
      } finally {
        secret.fill(0);
      }
    },
    confirm(userId, code) {
      const row = find(userId);
      if (row === null) return err(notEnrolled);
      if (row.confirmed === 1) return err(confirmedAlready);
      const taken = take(userId, row, code);
      if (!taken.ok) return taken;
      const codes = createRecoveryCodes();
      database.transaction(() => {
        statements.dropCodes.run(userId);
        for (const each of codes)
          statements.insertCode.run(userId, hashRecoveryCode(userId, normaliseRecoveryCode(each) ?? each));
        statements.confirm.run(userId);
      });
      return ok({ codes });
    },
    check(userId, answer) {
      const row = enrolled(userId);
      if (row === null) return err(notEnrolled);
      const recoveryCode = normaliseRecoveryCode(answer);
      if (recoveryCode === null) {
        if (/\p{L}/u.test(answer)) return err(neitherKind);
        const taken = take(userId, row, answer);
        return taken.ok ? ok({ usedRecoveryCode: false, recoveryCodesLeft: codesLeft(userId) }) : taken;
      }
      const at = new Date(clock.nowMs()).toISOString();
      const { changes } = statements.useCode.run(at, userId, hashRecoveryCode(userId, recoveryCode));
      return changes === 1
        ? ok({ usedRecoveryCode: true, recoveryCodesLeft: codesLeft(userId) })
        : err(wrongRecoveryCode);
    },
    remove(userId) {
      return database.transaction(() => {
        statements.dropCodes.run(userId);
        return statements.remove.run(userId).changes > 0;
      });
    },
  };
}

function prepare(database: WritableDatabase) {
  return {
    read: database.prepare<[string], Row>(
      'SELECT secret, last_step AS lastStep, confirmed, enrolled_at AS enrolledAt FROM second_factors WHERE user_id = ?',
    ),
    insert: database.prepare<[string, Uint8Array, string], never>(
      `INSERT INTO second_factors (user_id, kind, secret, last_step, confirmed, enrolled_at) VALUES (?, 'totp', ?, -1, 0, ?)
       ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = -1, enrolled_at = excluded.enrolled_at`,
    ),
    step: database.prepare<[number, string, number], never>(
      'UPDATE second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?',
    ),
    confirm: database.prepare<[string], never>('UPDATE second_factors SET confirmed = 1 WHERE user_id = ?'),
    remove: database.prepare<[string], never>('DELETE FROM second_factors WHERE user_id = ?'),
    insertCode: database.prepare<[string, Uint8Array], never>(
      'INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)',
    ),
    dropCodes: database.prepare<[string], never>('DELETE FROM recovery_codes WHERE user_id = ?'),
    useCode: database.prepare<[string, string, Uint8Array], never>(
      'UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at IS NULL',
    ),
    left: database.prepare<[string], { left: number }>(
      'SELECT count(*) AS left FROM recovery_codes WHERE user_id = ? AND used_at IS NULL',
    ),
  };
}

const notEnrolled = appError(
  'second-factor-wrong',
  'This account has no second factor. Nothing was changed. Set one up first.',
);
const confirmedAlready = appError(
  'second-factor-wrong',
  'The second factor of this account is set up already. Nothing was changed, and its recovery codes are still good.',
);
const neitherKind = appError(
  'second-factor-wrong',
  'That is neither a code of the app nor a recovery code. Nothing was lost. A code of the app has six digits; a recovery code has ten letters and digits. Type one of them again.',
);
const wrongRecoveryCode = appError(
  'second-factor-wrong',
  'This recovery code is not one of yours, or it was used already. Nothing was lost. Try another, or ask IT to remove the second factor.',
);
