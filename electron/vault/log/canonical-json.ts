import canonicalize from 'canonicalize';

/** JSON without holes: what RFC 8785 can serialise. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * RFC 8785 (JCS) text of a value. Members that are `undefined` are left out, as JSON does.
 * @throws RangeError for what I-JSON forbids: lone surrogates, NaN, infinities
 */
export function canonicalText(value: JsonValue): string {
  refuseForbidden(value);
  const text = canonicalize(value);
  if (text === undefined) throw new RangeError('not a JSON value');
  return text;
}

export function canonicalBytes(value: JsonValue): Uint8Array {
  return Buffer.from(canonicalText(value), 'utf8');
}

function refuseForbidden(value: JsonValue | undefined): void {
  if (typeof value === 'string' && !value.isWellFormed())
    throw new RangeError('a string holds a lone surrogate');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('a number is not finite');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    refuseForbidden(key);
    refuseForbidden(member);
  }
}
