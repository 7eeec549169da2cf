import { useEffect, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { RequestInput } from '../../../electron/shared/contract.ts';
import type { ExportSummary } from '../../../electron/shared/log-data.ts';
import { useApp } from '../../app/app-context.ts';

/** `isStopping`: the vault was told, and has not answered yet. */
export type Export =
  | { readonly state: 'choosing'; readonly error: AppError | null }
  | { readonly state: 'running'; readonly fraction: number; readonly isStopping: boolean }
  | { readonly state: 'done'; readonly summary: ExportSummary };

export function useExport() {
  const { vault, shell } = useApp();
  const [progress, setProgress] = useState<Export>({ state: 'choosing', error: null });
  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event !== 'export.progress') return;
        const { fraction } = event;
        setProgress((before) => (before.state === 'running' ? { ...before, fraction } : before));
      }),
    [vault],
  );

  async function run(what: Omit<RequestInput<'log.export'>, 'fileGrant'>, name: string): Promise<void> {
    const file = await shell.chooseSaveFile('audit-bundle', name);
    if (file === null) return;
    setProgress({ state: 'running', fraction: 0, isStopping: false });
    const result = await vault.request('log.export', { ...what, fileGrant: file.grant });
    setProgress(
      result.ok ? { state: 'done', summary: result.value } : { state: 'choosing', error: result.error },
    );
  }

  async function stop(): Promise<void> {
    setProgress((before) => (before.state === 'running' ? { ...before, isStopping: true } : before));
    await vault.request('log.cancelExport', {});
  }

  return { progress, run, stop };
}
