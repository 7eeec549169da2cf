import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { installationIdSchema } from '../../shared/ids.ts';
import { deriveSubkey } from '../keys/subkeys.ts';
import { canonicalBytes, parseCanonical } from '../log/canonical-json.ts';

/**
 * `backup/FORMAT.md`: a folder of exactly three files. The manifest names the other two with size and SHA-256, says of
 * which record and up to where the copy is, and carries a code that only a holder of the record's key can make. It is
 * written last: a folder without one is no backup.
 */
export const manifestFile = 'manifest.json';
export const backupFiles = ['cloister.db', 'keyring.json'] as const;
export const manifestFormat = 'cloister-backup/1' as const;

const fileSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().positive(),
});
const contentSchema = z.strictObject({
  format: z.literal(manifestFormat),
  app: z.string().max(40),
  madeAt: z.iso.datetime({ precision: 3 }),
  installationId: installationIdSchema,
  origin: z.string().max(300),
  verifierKey: z.string().max(500),
  /** The newest checkpoint in the copy, a signed note: what the copy must come out as. */
  checkpoint: z.string().max(1000),
  treeSize: z.int().positive(),
  /** Of the tables in `cloister.db`. */
  databaseVersion: z.int().positive(),
  files: z.strictObject({ 'cloister.db': fileSchema, 'keyring.json': fileSchema }),
});
export type ManifestContent = z.infer<typeof contentSchema>;

/** `mac`: HMAC-SHA-256 under a subkey of the database key over the canonical JSON of all the rest, in hex. */
const manifestSchema = contentSchema.extend({ mac: z.string().regex(/^[0-9a-f]{64}$/) });
export type BackupManifest = z.infer<typeof manifestSchema>;

export function encodeManifest(content: ManifestContent, dek: Uint8Array): Buffer {
  const mac = codeOf(content, dek).toString('hex');
  return Buffer.concat([canonicalBytes({ ...content, mac }), Buffer.from('\n')]);
}

/** @returns `newer` for a format of a later Cloister; null for what is no manifest */
export function parseManifest(bytes: Buffer): BackupManifest | 'newer' | null {
  if (bytes.at(-1) !== 0x0a) return null;
  const value = parseCanonical(bytes.subarray(0, -1));
  if (!value.ok) return null;
  const format = z.object({ format: z.string() }).safeParse(value.value).data?.format;
  const version = /^cloister-backup\/([1-9][0-9]{0,5})$/.exec(format ?? '')?.[1];
  if (version !== undefined && version !== '1') return 'newer';
  const manifest = manifestSchema.safeParse(value.value);
  return manifest.success ? manifest.data : null;
}

export function isManifestAuthentic({ mac, ...content }: BackupManifest, dek: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(mac, 'hex'), codeOf(content, dek));
}

/** Reads a piece at a time: a record may be larger than the memory. */
export function hashFile(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(2 ** 20);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      hash.update(piece.subarray(0, count));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

function codeOf(content: ManifestContent, dek: Uint8Array): Buffer {
  const key = deriveSubkey(dek, 'cloister/1 backup manifest');
  try {
    return createHmac('sha256', key).update(canonicalBytes(content)).digest();
  } finally {
    key.fill(0);
  }
}
