import { randomUUID } from 'node:crypto';
import { appError } from '../../shared/app-error.ts';
import { userIdSchema, type UserId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import { createEnrolmentCode } from '../policy/enrolment-code.ts';
import { createEnrolmentKey } from '../keys/enrolment-key.ts';
import type { Keyring, UserRecord } from '../keys/keyring-schema.ts';
import { enrollingRecord, keylessRecord, withUser, type Account } from '../keys/user-record.ts';
import type { OpenSession } from '../session/open-session.ts';
import type { KeyChanges } from '../session/rotate-key.ts';
import { recordEvent, recordThen } from '../session/record-event.ts';
import type { Handlers } from './request-table.ts';

type AccountHandlers = Pick<
  Handlers,
  | 'accounts.list'
  | 'accounts.add'
  | 'accounts.rename'
  | 'accounts.issueCode'
  | 'accounts.forceNewPassphrase'
  | 'accounts.removeSecondFactor'
  | 'accounts.clearAttempts'
  | 'accounts.disable'
>;

export type AccountDeps = {
  readonly session: () => OpenSession;
  readonly keyring: () => KeyringEditor;
  readonly attempts: {
    state(userId: UserId): { readonly failures: number; readonly waiting: boolean };
    clear(userId: UserId): void;
  };
  readonly allowsSolePractitioner: () => boolean;
  /** A new key for the record, which the accounts without keys never saw. Ends the session. */
  readonly changes: KeyChanges;
};

/** What IT does with other people's accounts. Every deed is recorded before it is done; nobody needs a passphrase of theirs. */
export function accountHandlers(deps: AccountDeps): AccountHandlers {
  const { session, keyring } = deps;

  const find = (userId: UserId): Result<UserRecord> => {
    const record = keyring()
      .current()
      .users.find((user) => user.userId === userId);
    return record === undefined ? err(unknown) : ok(record);
  };
  /** Whoever looks after accounts has a second person for the own one: nobody resets or removes himself. */
  const findOther = (userId: UserId): Result<UserRecord> =>
    userId === session().actor.userId ? err(notYourself) : find(userId);

  /** A code that opens this account once. What opened it before opens nothing any more. */
  async function issueCode(
    account: Account,
    reason: 'created' | 'reset' | 'enabled',
  ): Promise<Result<{ code: string }>> {
    const code = createEnrolmentCode();
    const enrolment = await createEnrolmentKey({ userId: account.userId, code: code.normalised });
    const { installationId, epoch } = keyring().current();
    const record = await enrollingRecord({ installationId, epoch, keys: session() }, account, enrolment);
    return recordThen(session(), { type: 'user.code-issued', data: { user: account.userId, reason } }, () => {
      // The accounts as they are now: another change may have come while this one waited.
      const applied = keyring().apply({ users: withUser(keyring().current().users, record) });
      return applied.ok ? ok({ code: code.printed }) : applied;
    });
  }

  return {
    'accounts.list': () =>
      ok({
        accounts: keyring()
          .current()
          .users.map((user) => row(user)),
      }),
    'accounts.add': async ({ displayName, role }) => {
      if (role === 'sole-practitioner' && !deps.allowsSolePractitioner()) return err(notOnePerson);
      const account = { userId: userIdSchema.parse(randomUUID()), displayName, role };
      recordEvent(session(), {
        type: 'user.created',
        data: { user: account.userId, role },
        texts: { displayName },
      });
      const issued = await issueCode(account, 'created');
      return issued.ok ? ok({ userId: account.userId, code: issued.value.code }) : issued;
    },
    'accounts.rename': ({ userId, displayName }) => {
      const found = find(userId);
      if (!found.ok) return found;
      const record = { ...found.value, displayName };
      return done(
        recordThen(session(), { type: 'user.renamed', data: { user: userId }, texts: { displayName } }, () =>
          keyring().apply({ users: withUser(keyring().current().users, record) }),
        ),
      );
    },
    'accounts.issueCode': async ({ userId }) => {
      const found = findOther(userId);
      if (!found.ok) return found;
      deps.attempts.clear(userId);
      return issueCode(found.value, found.value.state === 'disabled' ? 'enabled' : 'reset');
    },
    'accounts.forceNewPassphrase': ({ userId }) => {
      const found = find(userId);
      if (!found.ok) return found;
      recordEvent(session(), { type: 'user.passphrase-forced', data: { user: userId } });
      session().accounts.forcePassphrase(userId);
      return ok({});
    },
    'accounts.removeSecondFactor': ({ userId }) => {
      const found = findOther(userId);
      if (!found.ok) return found;
      if (!session().factors.isEnrolled(userId)) return err(noSecondFactor);
      recordEvent(session(), { type: 'second-factor.removed', data: { user: userId, kind: 'totp' } });
      session().factors.remove(userId);
      return ok({});
    },
    'accounts.clearAttempts': ({ userId }) => {
      const found = findOther(userId);
      if (!found.ok) return found;
      recordEvent(session(), { type: 'attempts.cleared', data: { user: userId } });
      deps.attempts.clear(userId);
      return ok({});
    },
    'accounts.disable': async ({ userId }) => {
      const found = findOther(userId);
      if (!found.ok) return found;
      if (found.value.state === 'disabled') return ok({});
      if (isLastAdministrator(keyring().current(), userId)) return err(lastAdministrator);
      const disabled = await recordThen(session(), { type: 'user.disabled', data: { user: userId } }, () => {
        const { users } = keyring().current();
        return keyring().apply({ users: withUser(users, keylessRecord(found.value, 'disabled')) });
      });
      return disabled.ok ? deps.changes.rotate('user-removed') : disabled;
    },
  };

  function row({ userId, displayName, role, state }: UserRecord) {
    const { mustChangePassphrase, lastSignInAt } = session().accounts.get(userId);
    return {
      userId,
      displayName,
      role,
      state,
      secondFactor: session().factors.isEnrolled(userId),
      mustChangePassphrase,
      lastSignInAt,
      ...deps.attempts.state(userId),
    };
  }
}

async function done(work: Promise<Result<unknown>>): Promise<Result<Record<string, never>>> {
  const result = await work;
  return result.ok ? ok({}) : result;
}

function isLastAdministrator({ users }: Keyring, userId: UserId): boolean {
  const administrators = users.filter(
    ({ role, state }) => (role === 'it-admin' || role === 'sole-practitioner') && state === 'active',
  );
  return administrators.every((user) => user.userId === userId);
}

const unknown = appError('invalid-input', 'This account is not on this computer. Nothing was changed.');
const notYourself = appError(
  'not-allowed',
  'Nobody does this to the own account: it takes a second person. Nothing was changed. Ask another administrator, or use a recovery key at the sign-in screen.',
);
const notOnePerson = appError(
  'not-allowed',
  'A sole practitioner keeps the record of the own work, and the policy of this organisation does not allow that. Nothing was changed. Make one account for each task, or change the policy.',
);
const noSecondFactor = appError('invalid-input', 'This account has no second factor. Nothing was changed.');
const lastAdministrator = appError(
  'not-allowed',
  'This is the last administrator: without one, nobody could export the record or help with a lost passphrase. Nothing was changed. Add another administrator first.',
);
