import { z } from 'zod';

/** `none` is a page nobody has signed in to. */
export const roleSchema = z.enum(['clinician', 'it-admin']);
export type Role = z.infer<typeof roleSchema>;
export type Caller = Role | 'none';

export const roleNames: Record<Role, string> = { clinician: 'Clinician', 'it-admin': 'IT administrator' };
