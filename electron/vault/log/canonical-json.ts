import canonicalize from 'canonicalize';
import { err, ok, type Result } from '../../shared/result.ts';

/** JSON without holes: what RFC 8785 can serialise. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * RFC 8785 (JCS) text of a value. Members that are `undefined` are left out, as JSON does.
 * @throws RangeError for what I-JSON forbids: lone surrogates, NaN, infinities
 */
export function canonicalText(value: JsonValue): string {
  return textOfAny(value);
}

function textOfAny(value: unknown): string {
  refuseForbidden(value);
  const text = canonicalize(value);
  if (text === undefined) throw new RangeError('not a JSON value');
  return text;
}

export function canonicalBytes(value: JsonValue): Uint8Array {
  return Buffer.from(canonicalText(value), 'utf8');
}

/**
 * The value of bytes that are its one canonical form. Anything else is refused: members that stand twice or in another
 * order, spaces, other spellings of a number or a string, a byte order mark, what is not UTF-8 or not JSON.
 */
export function parseCanonical(bytes: Uint8Array): Result<unknown, 'not-canonical'> {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isPlainlyCanonical(value, text) || textOfAny(value) === text ? ok(value) : err('not-canonical');
  } catch {
    return err('not-canonical');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Says yes for canonical text only, and not for all of it. RFC 8785 writes strings and numbers as JSON.stringify does and
 * sorts members: what that gives back unchanged, with members in order, is canonical. Two cases are left to the long way:
 * a text that may hold a lone surrogate (decoded UTF-8 holds none but an escaped one), and names that are numbers, which
 * an object of JavaScript keeps in an order of its own.
 */
function isPlainlyCanonical(value: unknown, text: string): boolean {
  return !text.includes('\\ud') && JSON.stringify(value) === text && isInOrder(value);
}

/** @returns whether the members of every object are in the order of their UTF-16 */
function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  const names = Object.keys(value);
  const members: readonly unknown[] = Object.values(value);
  for (let at = 0; at < names.length; at += 1) {
    if (at > 0 && (names[at - 1] ?? '') >= (names[at] ?? '')) return false;
    if (typeof members[at] === 'object' && !isInOrder(members[at])) return false;
  }
  return true;
}

function refuseForbidden(value: unknown): void {
  if (typeof value === 'string' && !value.isWellFormed())
    throw new RangeError('a string holds a lone surrogate');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('a number is not finite');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    refuseForbidden(key);
    refuseForbidden(member);
  }
}
