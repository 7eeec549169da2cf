import { useCallback, useEffect, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { ModelDownloads } from '../../../electron/shared/download-contract.ts';
import { useApp } from '../../app/app-context.ts';

export type Downloads = {
  /** Null until the vault has answered. */
  readonly list: ModelDownloads | null;
  /** Why what was asked for was not begun. */
  readonly error: AppError | null;
  start(modelId: string): void;
  stop(): void;
  discard(modelId: string): void;
};

/** What can be downloaded, kept up to date by the vault's events. */
export function useDownloads(): Downloads {
  const { vault } = useApp();
  const [list, setList] = useState<ModelDownloads | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  useEffect(() => {
    let wanted = true;
    const unsubscribe = vault.onEvent((event) => {
      if (event.event !== 'model.download') return;
      const { download } = event;
      setList(
        (before) =>
          before && {
            ...before,
            models: before.models.map((model) =>
              model.modelId === download.modelId ? { ...model, ...download } : model,
            ),
          },
      );
    });
    void vault.request('models.downloads', {}).then((result) => {
      if (!wanted) return;
      if (result.ok) setList(result.value);
      else setError(result.error);
    });
    return () => {
      wanted = false;
      unsubscribe();
    };
  }, [vault]);

  const show = useCallback(
    (result: { readonly ok: true } | { readonly ok: false; readonly error: AppError }) => {
      setError(result.ok ? null : result.error);
    },
    [],
  );
  return {
    list,
    error,
    start: (modelId) => void vault.request('models.download', { modelId }).then(show),
    stop: () => void vault.request('models.stopDownload', {}).then(show),
    discard: (modelId) => void vault.request('models.discardDownload', { modelId }).then(show),
  };
}
