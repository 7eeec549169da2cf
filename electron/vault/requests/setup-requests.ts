import { appError } from '../../shared/app-error.ts';
import type { RequestOutput } from '../../shared/contract.ts';
import { err, type Result } from '../../shared/result.ts';
import type { FirstRun } from '../setup/first-run.ts';
import type { Installation } from '../setup/installation-files.ts';
import type { Handlers } from './request-table.ts';

type SetupHandlers = Pick<
  Handlers,
  | 'setup.createRecoveryKey'
  | 'setup.addRecoveryRecipient'
  | 'setup.removeRecoveryRecipient'
  | 'setup.saveRecoveryKey'
  | 'setup.proveRecoveryKey'
  | 'setup.complete'
  | 'setup.enrol'
>;

export type SetupDeps = {
  readonly firstRun: FirstRun;
  readonly installation: () => Result<Installation>;
  readonly enrol: () => Promise<Result<RequestOutput<'setup.enrol'>>>;
};

/** First run happens once: with a keyring in place every set-up request is refused. */
export function setupHandlers({ firstRun, installation, enrol }: SetupDeps): SetupHandlers {
  const refused = (): Result<never> | null => {
    const current = installation();
    if (!current.ok) return current;
    return current.value.keyring === null
      ? null
      : err(
          appError(
            'already-set-up',
            'Cloister is set up on this computer already. Nothing was changed. Sign in instead.',
          ),
        );
  };
  return {
    'setup.createRecoveryKey': async () => refused() ?? firstRun.createRecoveryKey(),
    'setup.addRecoveryRecipient': async ({ recipient }) => refused() ?? firstRun.addRecipient(recipient),
    'setup.removeRecoveryRecipient': ({ recipient }) => refused() ?? firstRun.removeRecipient(recipient),
    'setup.saveRecoveryKey': (input) => refused() ?? firstRun.saveRecoveryKey(input),
    'setup.proveRecoveryKey': async ({ identity }) => refused() ?? firstRun.proveRecoveryKey(identity),
    'setup.complete': async (input) => refused() ?? firstRun.complete(input),
    'setup.enrol': async () => refused() ?? enrol(),
  };
}
