import { useCallback, useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';
import { useApp } from './app-context.ts';
import { TopBar } from './top-bar.tsx';
import { LogPage } from '../features/log/log-page.tsx';
import { Workspace } from '../features/workspace/workspace.tsx';
import { ErrorMessage } from '../ui/message.tsx';
import type { AppError } from '../../electron/shared/app-error.ts';

export function SignedIn(): ReactNode {
  const { vault, state } = useApp();
  const isClinician = state.user?.role === 'clinician';
  const [place, setPlace] = useState<'workspace' | 'record'>(isClinician ? 'workspace' : 'record');
  const [error, setError] = useState<AppError | null>(null);
  const saveDesk = useRef(async (): Promise<void> => undefined);
  const onSaveReady = useCallback((save: () => Promise<void>) => {
    saveDesk.current = save;
  }, []);

  async function leave(name: 'session.lock' | 'session.signOut'): Promise<void> {
    await saveDesk.current();
    const result = await vault.request(name, {});
    if (!result.ok && result.error.code !== 'vault-stopped') setError(result.error);
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'l') return;
    event.preventDefault();
    void leave('session.lock');
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      onKey(event);
    };
    window.addEventListener('keydown', listener);
    return () => {
      window.removeEventListener('keydown', listener);
    };
  }, []);

  return (
    <div className="signed-in">
      <TopBar
        place={place}
        onPlace={isClinician ? setPlace : null}
        onLock={() => void leave('session.lock')}
        onSignOut={() => void leave('session.signOut')}
      />
      <ErrorMessage error={error} />
      {isClinician && (
        <div hidden={place !== 'workspace'} className="place">
          <Workspace onSaveReady={onSaveReady} />
        </div>
      )}
      {place === 'record' && <LogPage />}
    </div>
  );
}
