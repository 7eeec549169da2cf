import type { AppError } from './app-error.ts';

/** Outcome of an operation that may fail in an expected way. A bug throws instead; a cancelled operation says so in its value. */
export type Result<T, E = AppError> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}
