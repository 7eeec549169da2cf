import { z } from 'zod';

/**
 * Main's line to the egress process (`parentPort`). It has no other: no port leads from it to the vault or to the page, and
 * nothing that it says is believed. A finished file is hashed again by the vault before it counts.
 */

/** One file of the catalogue, and everything that may be done to get it. */
export const downloadOrderSchema = z.strictObject({
  /** Of the catalogue's pinned revision. */
  url: z.url({ protocol: /^https$/ }),
  /** As in the policy, split: the only hosts that may be connected to, redirects included. */
  hosts: z.array(z.string()).min(1),
  /** DER in base64: the only authority that counts; null: the public ones. */
  authority: z.string().nullable(),
  sizeBytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the bytes go; what lies there from before is gone on with. */
  partPath: z.string().regex(/\.part$/),
});
export type DownloadOrder = z.infer<typeof downloadOrderSchema>;

/** The first message decides what the process is for, and there is no second one. */
export const toEgressSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fetch'), order: downloadOrderSchema }),
]);
export type ToEgress = z.infer<typeof toEgressSchema>;

export const downloadFailures = [
  /** The host's name is not known, or nobody answers there. */
  'unreachable',
  /** The line broke, again and again. */
  'interrupted',
  /** Too little came for too long. */
  'stalled',
  /** The host could not prove who it is, or speaks no TLS that is good enough. */
  'not-secure',
  /** The host sends on to one that the policy does not name. */
  'foreign-host',
  /** The host has no such file, or does not hand it out. */
  'not-there',
  /** A page for people instead of the file: a login, a notice. */
  'not-a-file',
  'wrong-length',
  'wrong-content',
  'disk-full',
  'disk-failed',
] as const;
export const downloadFailureSchema = z.enum(downloadFailures);
export type DownloadFailure = z.infer<typeof downloadFailureSchema>;

export const fromEgressSchema = z.discriminatedUnion('kind', [
  /** How much of the file is there. */
  z.strictObject({ kind: z.literal('progress'), bytes: z.int().nonnegative() }),
  /** The last word: null, the file is whole by its own account. */
  z.strictObject({ kind: z.literal('ended'), failure: downloadFailureSchema.nullable() }),
  /** As of every process: the kind of call that the guard refused, never a host. */
  z.strictObject({ kind: z.literal('network-blocked'), api: z.string() }),
]);
export type FromEgress = z.infer<typeof fromEgressSchema>;
