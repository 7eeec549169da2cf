import { useCallback, useEffect, useState, type ComponentType, type ReactNode } from 'react';
import type { AppState } from '../../electron/shared/contract.ts';
import type { Shell } from '../../electron/shared/shell-contract.ts';
import type { VaultClient } from '../bridge/vault-client.ts';
import { SignIn } from '../features/sign-in/sign-in.tsx';
import { appStrings } from '../strings/app-strings.ts';
import { AppContext } from './app-context.ts';

type Screens = { readonly SignedIn: ComponentType | null; readonly FirstRun: ComponentType | null };

/**
 * Two screens are read when they are wanted, and the one behind the sign-in while somebody signs in. Not `lazy`: React shows its
 * fallback for a third of a second even where there is nothing to wait for.
 */
function useScreens(phase: AppState['phase'] | undefined): Screens {
  const [screens, setScreens] = useState<Screens>({ SignedIn: null, FirstRun: null });
  useEffect(() => {
    const read = async (): Promise<Partial<Screens>> => {
      if (phase === 'signed-out' || phase === 'signed-in')
        return { SignedIn: (await import('./signed-in.tsx')).SignedIn };
      if (phase === 'first-run')
        return { FirstRun: (await import('../features/first-run/first-run.tsx')).FirstRun };
      return {};
    };
    read().then(
      (more) => {
        setScreens((before) => ({ ...before, ...more }));
      },
      (cause: unknown) => {
        // To the error boundary.
        setScreens(() => {
          throw cause;
        });
      },
    );
  }, [phase]);
  return screens;
}

/** Which screen there is follows from the vault's state alone; it is read anew with every connection. */
export function App({ vault, shell }: { readonly vault: VaultClient; readonly shell: Shell }): ReactNode {
  const [state, setState] = useState<AppState | null>(null);
  const [connection, setConnection] = useState<'connected' | 'lost'>('lost');

  const refresh = useCallback(async () => {
    const result = await vault.request('app.getState', {});
    if (result.ok) setState(result.value);
  }, [vault]);

  useEffect(
    () =>
      vault.onConnection((next) => {
        setConnection(next);
        if (next === 'connected') void refresh();
      }),
    [vault, refresh],
  );
  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'model.status')
          setState((before) => (before === null ? null : { ...before, model: event.status }));
        if (event.event === 'record.suspect')
          setState((before) => (before === null ? null : { ...before, suspicion: event.suspicion }));
        if (event.event === 'log.grew')
          setState((before) => (before === null ? null : { ...before, logSize: event.logSize }));
      }),
    [vault],
  );

  const screens = useScreens(state?.phase);

  if (state === null) return <Waiting />;
  return (
    <AppContext value={{ vault, shell, state, refresh }}>
      {state.flavour === 'development' && (
        <p className="development-banner">{appStrings.developmentBanner}</p>
      )}
      <Screen state={state} screens={screens} />
      {connection === 'lost' && (
        <div className="overlay" role="status">
          <div className="card">
            <h2>{appStrings.restarting}</h2>
            <p>{appStrings.restartingDetail}</p>
          </div>
        </div>
      )}
    </AppContext>
  );
}

function Screen(props: { readonly state: AppState; readonly screens: Screens }): ReactNode {
  const { state, screens } = props;
  const { FirstRun, SignedIn } = screens;
  switch (state.phase) {
    case 'first-run':
      return FirstRun === null ? <Waiting /> : <FirstRun />;
    case 'signed-out':
      return <SignIn />;
    case 'signed-in':
      return SignedIn === null ? <Waiting /> : <SignedIn />;
    case 'broken':
      return (
        <main className="centre">
          <section className="card">
            <h1>{appStrings.broken}</h1>
            <p role="alert">{state.problem?.message}</p>
            <p className="quiet">{appStrings.brokenDetail}</p>
          </section>
        </main>
      );
  }
}

function Waiting(): ReactNode {
  return (
    <main className="centre" aria-busy="true">
      <p className="quiet starting">{appStrings.starting}</p>
    </main>
  );
}
