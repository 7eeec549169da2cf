import { useEffect, useState } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { ModelLibrary } from '../../../electron/shared/library-contract.ts';
import { useApp } from '../../app/app-context.ts';

export type Library = {
  /** Null until the vault has answered. */
  readonly library: ModelLibrary | null;
  /** Why what was asked for was not begun. */
  readonly error: AppError | null;
  /** Lets the person choose the file. */
  importFile(): Promise<void>;
  stop(): void;
  choose(modelId: string): void;
  remove(modelId: string): void;
};

/** The models of the catalogue, kept up to date by the vault's events. */
export function useLibrary(): Library {
  const { vault, shell } = useApp();
  const [library, setLibrary] = useState<ModelLibrary | null>(null);
  const [error, setError] = useState<AppError | null>(null);

  useEffect(() => {
    let wanted = true;
    const read = (): void =>
      void vault.request('models.library', {}).then((result) => {
        if (!wanted) return;
        if (result.ok) setLibrary(result.value);
        else setError(result.error);
      });
    const unsubscribe = vault.onEvent((event) => {
      if (event.event === 'model.import') setLibrary(event.library);
      // A download has brought one, or the one in use was measured.
      else if (event.event === 'model.download' && event.download.progress.state === 'installed') read();
      else if (event.event === 'model.status' && event.status.state === 'ready') read();
    });
    read();
    return () => {
      wanted = false;
      unsubscribe();
    };
  }, [vault]);

  const show = (done: { readonly ok: true } | { readonly ok: false; readonly error: AppError }): void => {
    setError(done.ok ? null : done.error);
  };
  return {
    library,
    error,
    async importFile() {
      setError(null);
      const file = await shell.chooseModelFile();
      if (file === null) return;
      const begun = await vault.request('models.import', { fileGrant: file.grant });
      if (!begun.ok) setError(begun.error);
    },
    stop: () => void vault.request('models.stopImport', {}),
    choose: (modelId) => void vault.request('models.choose', { modelId }).then(show),
    remove: (modelId) => void vault.request('models.remove', { modelId }).then(show),
  };
}
