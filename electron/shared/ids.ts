import { z } from 'zod';

/** Branded ids: a user id never passes where a turn id is meant. UUIDs in lower case; patient ids are 128 random bits in hex. */
export const userIdSchema = z.uuid().brand<'UserId'>();
export const sessionIdSchema = z.uuid().brand<'SessionId'>();
export const deviceIdSchema = z.uuid().brand<'DeviceId'>();
export const installationIdSchema = z.uuid().brand<'InstallationId'>();
export const turnIdSchema = z.uuid().brand<'TurnId'>();
export const patientIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .brand<'PatientId'>();
/** Index of a leaf in the log, from 0. */
export const entrySchema = z.int().nonnegative().brand<'Entry'>();

export type UserId = z.infer<typeof userIdSchema>;
export type SessionId = z.infer<typeof sessionIdSchema>;
export type DeviceId = z.infer<typeof deviceIdSchema>;
export type InstallationId = z.infer<typeof installationIdSchema>;
export type TurnId = z.infer<typeof turnIdSchema>;
export type PatientId = z.infer<typeof patientIdSchema>;
export type Entry = z.infer<typeof entrySchema>;
