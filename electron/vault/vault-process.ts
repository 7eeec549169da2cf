import { join } from 'node:path';
import { installNetworkGuard } from '../links/network-guard.ts';
import { createBlockedReports } from './blocked-reports.ts';

const blocked = createBlockedReports();
const localLine = installNetworkGuard({ onBlocked: (api) => blocked.report('vault', api) });

// Everything else is loaded after the guard, so that no module can keep an unguarded reference.
const { startVaultProcess } = await import('./start-vault-process.ts');
startVaultProcess(process.parentPort, blocked, {
  workerPath: join(import.meta.dirname, 'vault-worker.js'),
  localLine,
});
