import { workspaceDraftSchema, type WorkspaceDraft } from '../../shared/turn-contract.ts';
import type { UserId } from '../../shared/ids.ts';
import type { WritableDatabase } from '../database/open-database.ts';

/** What a clinician has on the desk: survives lock, sign-out and crash, inside the encrypted database. */
export type WorkspaceDrafts = {
  get(userId: UserId): WorkspaceDraft | null;
  save(userId: UserId, draft: WorkspaceDraft): void;
  clear(userId: UserId): void;
};

export function openWorkspaceDrafts(database: WritableDatabase): WorkspaceDrafts {
  const read = database.prepare<[string], { json: string }>(
    'SELECT draft_json AS json FROM workspace_drafts WHERE user_id = ?',
  );
  const write = database.prepare<[string, string], never>(
    'INSERT INTO workspace_drafts (user_id, draft_json) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET draft_json = excluded.draft_json',
  );
  const remove = database.prepare<[string], never>('DELETE FROM workspace_drafts WHERE user_id = ?');
  return {
    get(userId) {
      const row = read.get(userId);
      return row === undefined ? null : workspaceDraftSchema.parse(JSON.parse(row.json));
    },
    save: (userId, draft) => void write.run(userId, JSON.stringify(draft)),
    clear: (userId) => void remove.run(userId),
  };
}
