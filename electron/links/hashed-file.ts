import { z } from 'zod';

/**
 * A model file whose bytes were read and hashed while this app runs. `identity` says which file that was, and that nobody
 * has written to it since: device, inode, size, and the times of the last change of its bytes and of itself, in ns; Node
 * gives them signed.
 */
export const hashedFileSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  identity: z.string().regex(/^-?\d{1,30}(?::-?\d{1,30}){4}$/),
});
export type HashedFile = z.infer<typeof hashedFileSchema>;
