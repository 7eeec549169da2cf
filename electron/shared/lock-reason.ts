import { z } from 'zod';

/** Why a screen was locked: the person, the idle time, or what the operating system said. */
export const lockReasonSchema = z.enum(['by-hand', 'idle', 'suspend', 'screen-locked']);
export type LockReason = z.infer<typeof lockReasonSchema>;
