import { below, type Expected, type Random } from './tampering-verdict.ts';

/** What a change of the file works with. */
export type Hands = {
  readonly random: Random;
  run(sql: string, ...parameters: (string | number | Uint8Array)[]): number;
  one<T>(sql: string, ...parameters: (string | number)[]): T;
};
export type Change = { readonly what: string; make(hands: Hands): Expected };

export type TextRow = {
  readonly id: number;
  readonly seq: number;
  readonly salt: Buffer;
  readonly text: string;
};

export function textRow({ random, one }: Hands): TextRow {
  const { n } = one<{ n: number }>('SELECT count(*) AS n FROM payloads');
  return one<TextRow>('SELECT id, seq, salt, text FROM payloads LIMIT 1 OFFSET ?', below(random, n));
}

export function nodeRow({ random, one }: Hands): { readonly id: number; readonly hash: Buffer } {
  const { n } = one<{ n: number }>('SELECT count(*) AS n FROM tree_nodes');
  return one('SELECT id, hash FROM tree_nodes LIMIT 1 OFFSET ?', below(random, n));
}

export function checkpointRow({ random, one }: Hands): { readonly note: string; readonly of: number } {
  const { n } = one<{ n: number }>('SELECT count(*) AS n FROM checkpoints');
  return one('SELECT note, size AS "of" FROM checkpoints LIMIT 1 OFFSET ?', below(random, n));
}

export function cut({ run }: Hands, left: number): void {
  run('DELETE FROM leaves WHERE seq >= ?', left);
  run('DELETE FROM payloads WHERE seq >= ?', left);
  run('DELETE FROM tree_nodes WHERE id >= ?', 64 * left);
}
