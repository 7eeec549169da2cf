import type { SessionId, UserId } from '../../shared/ids.ts';
import type { Role } from '../../shared/roles.ts';

/** Who acts, in which session: every leaf of a person's doing names both. */
export type Actor = {
  readonly userId: UserId;
  readonly role: Role;
  readonly sessionId: SessionId;
  readonly displayName: string;
};
