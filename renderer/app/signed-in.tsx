import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useApp } from './app-context.ts';
import { TopBar } from './top-bar.tsx';
import { LogPage } from '../features/log/log-page.tsx';
import { Workspace } from '../features/workspace/workspace.tsx';
import { ErrorMessage } from '../ui/message.tsx';
import type { AppError } from '../../electron/shared/app-error.ts';

/** What must be saved before the session ends; the workspace sets it. */
export type BeforeLeaving = { save: () => Promise<void> };

export function SignedIn(): ReactNode {
  const { vault, state } = useApp();
  const isClinician = state.user?.role === 'clinician';
  const [place, setPlace] = useState<'workspace' | 'record'>(isClinician ? 'workspace' : 'record');
  const [error, setError] = useState<AppError | null>(null);
  const beforeLeaving = useRef<BeforeLeaving>({ save: async () => undefined });

  async function leave(name: 'session.lock' | 'session.signOut'): Promise<void> {
    await beforeLeaving.current.save();
    const result = await vault.request(name, {});
    if (!result.ok && result.error.code !== 'vault-stopped') setError(result.error);
  }
  const leaveNow = useRef(leave);
  leaveNow.current = leave;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'l') {
        event.preventDefault();
        void leaveNow.current('session.lock');
      }
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
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
          <Workspace beforeLeaving={beforeLeaving.current} />
        </div>
      )}
      {place === 'record' && <LogPage />}
    </div>
  );
}
