import { appError } from '../../shared/app-error.ts';
import { err, ok } from '../../shared/result.ts';
import type { KeyringEditor } from '../accounts/keyring-editor.ts';
import type { LatePassphraseMeter } from '../accounts/late-passphrase-meter.ts';
import { activeRecord, withUser } from '../keys/user-record.ts';
import type { OpenSession } from '../session/open-session.ts';
import { checkSecondFactor } from '../session/second-factor-step.ts';
import { proveOwnPassphrase, type OwnPassphraseDeps } from '../session/own-passphrase.ts';
import { recordEvent, recordThen } from '../session/record-event.ts';
import type { Handlers } from './request-table.ts';

type OwnAccountHandlers = Pick<
  Handlers,
  | 'passphrase.measure'
  | 'account.get'
  | 'account.changePassphrase'
  | 'account.startSecondFactor'
  | 'account.confirmSecondFactor'
  | 'account.removeSecondFactor'
>;

export type OwnAccountDeps = OwnPassphraseDeps & {
  readonly session: () => OpenSession;
  readonly keyring: () => KeyringEditor;
  readonly measure: LatePassphraseMeter;
  readonly secondFactorRequired: () => boolean;
  readonly nowIso: () => string;
};

/** What people do with their own account. */
export function ownAccountHandlers(deps: OwnAccountDeps): OwnAccountHandlers {
  const { session, keyring } = deps;
  const self = () => session().actor.userId;

  return {
    'passphrase.measure': async ({ passphrase, personal }) => {
      const { score, acceptable, advice } = await deps.measure(passphrase, personal);
      return ok({ score, acceptable, advice });
    },
    'account.get': () => {
      const { accounts, factors } = session();
      return ok({
        passphraseSetAt: accounts.get(self()).passphraseSetAt,
        secondFactor: factors.status(self()),
        secondFactorRequired: deps.secondFactorRequired(),
      });
    },
    'account.changePassphrase': async ({ current, passphrase }) => {
      const { installationId, epoch, organisationName } = keyring().current();
      const proven = await proveOwnPassphrase(deps, keyring().current(), session(), current);
      if (!proven.ok) return proven;
      const deviceSecret = proven.value;
      try {
        const { displayName } = session().actor;
        const strength = await deps.measure(passphrase, [displayName, organisationName]);
        if (!strength.acceptable) return err(appError('passphrase-too-weak', strength.advice));
        const account = { userId: self(), displayName, role: session().actor.role };
        const record = await activeRecord({ installationId, epoch, keys: session() }, account, {
          passphrase,
          deviceSecret,
        });
        if (!record.ok) return record;
        const written = await recordThen(
          session(),
          { type: 'user.passphrase-set', data: { user: self(), reason: 'own-wish' } },
          () => keyring().apply({ users: withUser(keyring().current().users, record.value) }),
        );
        if (!written.ok) return written;
        session().accounts.passphraseSet(self(), deps.nowIso());
        return ok({});
      } finally {
        deviceSecret?.fill(0);
      }
    },
    'account.startSecondFactor': () => {
      if (session().factors.isEnrolled(self())) return err(alreadyThere);
      return ok(session().factors.start(session().actor));
    },
    'account.confirmSecondFactor': ({ code }) => {
      const confirmed = session().factors.confirm(self(), code);
      if (!confirmed.ok) return confirmed;
      recordEvent(session(), { type: 'second-factor.enrolled', data: { user: self(), kind: 'totp' } });
      return ok({ codes: [...confirmed.value.codes] });
    },
    'account.removeSecondFactor': ({ code }) => {
      if (deps.secondFactorRequired()) return err(required);
      const given = checkSecondFactor(session(), deps.attempts, code);
      if (!given.ok) return given;
      deps.attempts.succeeded(self());
      recordEvent(session(), { type: 'second-factor.removed', data: { user: self(), kind: 'totp' } });
      session().factors.remove(self());
      return ok({});
    },
  };
}

const alreadyThere = appError(
  'invalid-input',
  'This account has a second factor already. Nothing was changed. Remove it first, then set up the new one.',
);
const required = appError(
  'not-allowed',
  'The policy of this organisation wants a second factor. Nothing was changed. If you lost it, ask IT to remove it; you set up a new one at the next sign-in.',
);
