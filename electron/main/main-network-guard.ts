import { installNetworkGuard } from '../links/network-guard.ts';
import { createBlockedConnections } from './blocked-connections.ts';

/** Made while this module is imported, because main.ts imports it before any other. */
export const blockedConnections = createBlockedConnections();
/** For a command that asks the running app. */
export const localLine = installNetworkGuard({ onBlocked: blockedConnections.report });
