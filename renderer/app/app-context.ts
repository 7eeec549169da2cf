import { createContext, useContext } from 'react';
import type { AppState } from '../../electron/shared/contract.ts';
import type { Shell } from '../../electron/shared/shell-contract.ts';
import type { VaultClient } from '../bridge/vault-client.ts';

export type AppServices = {
  readonly vault: VaultClient;
  readonly shell: Shell;
  readonly state: AppState;
  /** Reads the state anew: after anything that changes the phase. */
  readonly refresh: () => Promise<void>;
};

export const AppContext = createContext<AppServices | null>(null);

export function useApp(): AppServices {
  const services = useContext(AppContext);
  if (services === null) throw new Error('outside of the app');
  return services;
}
