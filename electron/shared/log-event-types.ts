import { z } from 'zod';

/** Event types that a leaf can have. Later features add theirs here, with a leaf schema in `electron/vault/log/leaf.ts`. */
export const logEventTypeSchema = z.enum([
  'log.created',
  'recovery.proven',
  'user.created',
  'session.signed-in',
  'session.signed-out',
  'session.locked',
  'model.loaded',
  'model.refused',
  'document.opened',
  'prompt.submitted',
  'response.completed',
  'response.aborted',
  'response.refused',
  'response.failed',
  'clipboard.copied',
  'note.accepted',
  'log.viewed',
  'log.verified',
  'log.exported',
  'clock.jumped-back',
  'process.ended',
  'network.blocked',
]);
export type LogEventType = z.infer<typeof logEventTypeSchema>;
