import { installNetworkGuard } from '../links/network-guard.ts';
import { createBlockedConnections } from './blocked-connections.ts';

/** Made while this module is imported, because main.ts imports it before any other. */
export const blockedConnections = createBlockedConnections();
installNetworkGuard({ onBlocked: blockedConnections.report });
