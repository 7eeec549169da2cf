import { err, ok, type Result } from '../../shared/result.ts';

/** C2SP tlog-checkpoint: origin, size in decimal, root hash in base64, each on a line. No extension lines here. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly rootHash: Uint8Array };

export function formatCheckpoint({ origin, size, rootHash }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(rootHash).toString('base64')}\n`;
}

/** Strict: one way of writing each number and hash. */
export function parseCheckpoint(body: string): Result<Checkpoint, 'malformed'> {
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/u.exec(body);
  if (match === null) return err('malformed');
  const [, origin = '', digits = '', base64 = ''] = match;
  const rootHash = Buffer.from(base64, 'base64');
  const size = Number(digits);
  if (!Number.isSafeInteger(size) || rootHash.toString('base64') !== base64) return err('malformed');
  return ok({ origin, size, rootHash });
}
