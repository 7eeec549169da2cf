import { useCallback, useEffect, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { AccountRow } from '../../../electron/shared/account-data.ts';
import type { RequestInput, RequestName, RequestOutput } from '../../../electron/shared/contract.ts';
import { useApp } from '../../app/app-context.ts';

export type Accounts = {
  readonly rows: readonly AccountRow[];
  readonly error: AppError | null;
  readonly busy: boolean;
  /** Asks the vault and reads the list anew. @returns null where the vault refused; the error is shown */
  ask<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N> | null>;
  forgetError(): void;
};

export function useAccounts(): Accounts {
  const { vault, refresh } = useApp();
  const [rows, setRows] = useState<readonly AccountRow[]>([]);
  const [error, setError] = useState<AppError | null>(null);
  const [busy, setBusy] = useState(false);

  const read = useCallback(async () => {
    const result = await vault.request('accounts.list', {});
    if (result.ok) setRows(result.value.accounts);
    else setError(result.error);
  }, [vault]);
  useEffect(() => {
    void vault.request('accounts.list', {}).then((result) => {
      if (result.ok) setRows(result.value.accounts);
      else setError(result.error);
    });
  }, [vault]);

  return {
    rows,
    error,
    busy,
    async ask(name, input) {
      setBusy(true);
      setError(null);
      const result = await vault.request(name, input);
      setBusy(false);
      if (!result.ok) {
        setError(result.error);
        return null;
      }
      await read();
      await refresh();
      return result.value;
    },
    forgetError: () => {
      setError(null);
    },
  };
}
