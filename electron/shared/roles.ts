import { z } from 'zod';

/**
 * What an account may do. No one is both subject and keeper of the log: only where the organisation's policy allows a
 * one-person practice is there a `sole-practitioner`, and every bundle then says so.
 */
export const roleSchema = z.enum(['clinician', 'auditor', 'it-admin', 'sole-practitioner']);
export type Role = z.infer<typeof roleSchema>;
/** `none` is a page nobody has signed in to. */
export type Caller = Role | 'none';
