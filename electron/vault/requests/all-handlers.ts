import { accountHandlers, type AccountDeps } from './account-requests.ts';
import { backupHandlers, type BackupDeps } from './backup-requests.ts';
import { downloadHandlers, type DownloadDeps } from './download-requests.ts';
import { libraryHandlers, type LibraryDeps } from './library-requests.ts';
import { keyHandlers, type KeyDeps } from './key-requests.ts';
import { logHandlers, type LogDeps } from './log-requests.ts';
import { ownAccountHandlers, type OwnAccountDeps } from './own-account-requests.ts';
import type { Handler, Handlers } from './request-table.ts';
import { sessionHandlers, type SessionDeps } from './session-requests.ts';
import { setupHandlers, type SetupDeps } from './setup-requests.ts';
import { sourceHandlers, type SourceRequestDeps } from './source-requests.ts';
import { turnHandlers, type TurnRequestDeps } from './turn-requests.ts';
import { workspaceHandlers, type WorkspaceDeps } from './workspace-requests.ts';

type Deps = SetupDeps &
  SessionDeps &
  OwnAccountDeps &
  AccountDeps &
  BackupDeps &
  DownloadDeps &
  LibraryDeps &
  KeyDeps &
  WorkspaceDeps &
  SourceRequestDeps &
  TurnRequestDeps &
  LogDeps & { readonly state: Handler<'app.getState'> };

/** One handler for each request of the contract. Each group takes what it needs of the same parts. */
export function allHandlers(deps: Deps): Handlers {
  return {
    'app.getState': deps.state,
    ...setupHandlers(deps),
    ...sessionHandlers(deps),
    ...ownAccountHandlers(deps),
    ...accountHandlers(deps),
    ...keyHandlers(deps),
    ...backupHandlers(deps),
    ...downloadHandlers(deps),
    ...libraryHandlers(deps),
    ...workspaceHandlers(deps),
    ...sourceHandlers(deps),
    ...turnHandlers(deps),
    ...logHandlers(deps),
  };
}
