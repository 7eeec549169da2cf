import { useCallback, useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';
import { useApp } from './app-context.ts';
import { Notices } from './notices.tsx';
import { SuspectRecord } from './suspect-record.tsx';
import { LockWarning } from './lock-warning.tsx';
import { TopBar, type Place } from './top-bar.tsx';
import { AccountsPage } from '../features/accounts/accounts-page.tsx';
import { LogPage } from '../features/log/log-page.tsx';
import { ModelsPage } from '../features/models/models-page.tsx';
import { OwnAccountDialog } from '../features/own-account/own-account.tsx';
import { PolicyPage } from '../features/policy/policy-page.tsx';
import { Workspace } from '../features/workspace/workspace.tsx';
import { ErrorMessage } from '../ui/message.tsx';
import type { AppError } from '../../electron/shared/app-error.ts';
import type { Role } from '../../electron/shared/roles.ts';

const placesOf: Readonly<Record<Role, readonly Place[]>> = {
  clinician: ['workspace', 'record'],
  auditor: ['record'],
  'it-admin': ['record', 'accounts', 'models', 'policy'],
  'sole-practitioner': ['workspace', 'record', 'accounts', 'models', 'policy'],
};

export function SignedIn(): ReactNode {
  const { vault, state } = useApp();
  const places = placesOf[state.user?.role ?? 'auditor'];
  const [place, setPlace] = useState<Place>(places[0] ?? 'record');
  const [ownAccount, setOwnAccount] = useState(false);
  const [examining, setExamining] = useState(false);
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

  const alarm = examining ? null : state.suspicion;
  return (
    <>
      {alarm !== null && (
        <SuspectRecord
          suspicion={alarm}
          onExamine={
            state.user?.role === 'clinician'
              ? null
              : () => {
                  setExamining(true);
                  setPlace('record');
                }
          }
          onSignOut={() => void leave('session.signOut')}
        />
      )}
      <div className="signed-in" inert={alarm !== null}>
        <TopBar
          place={place}
          places={places}
          onPlace={setPlace}
          onOwnAccount={() => {
            setOwnAccount(true);
          }}
          onLock={() => void leave('session.lock')}
          onSignOut={() => void leave('session.signOut')}
        />
        <LockWarning />
        <Notices />
        {state.policy.problem !== null && place !== 'policy' && (
          <div className="message notice attention" role="status">
            <p>{state.policy.problem}</p>
          </div>
        )}
        <ErrorMessage error={error} />
        {places.includes('workspace') && (
          <div hidden={place !== 'workspace'} className="place">
            <Workspace onSaveReady={onSaveReady} />
          </div>
        )}
        {place === 'record' && <LogPage />}
        {place === 'accounts' && <AccountsPage />}
        {place === 'models' && <ModelsPage />}
        {place === 'policy' && <PolicyPage />}
        {ownAccount && (
          <OwnAccountDialog
            onClose={() => {
              setOwnAccount(false);
            }}
          />
        )}
      </div>
    </>
  );
}
