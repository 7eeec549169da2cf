import { z } from 'zod';
import { appErrorCodes, type AppError } from './app-error.ts';

/** As it crosses from one process to another. */
export const appErrorSchema = z.strictObject({
  code: z.enum(appErrorCodes),
  message: z.string().max(1000),
}) satisfies z.ZodType<AppError>;
