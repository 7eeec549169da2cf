import { err, ok, type Result } from '../../shared/result.ts';
import { decodeUtf8 } from './decode-utf8.ts';

/** As much of Apple's property lists as one text needs: a dictionary at the top, in the binary form ("bplist00") or in XML. */

/** @returns the text under this key; null where there is none; an error for what is no property list or holds no text there */
export function stringOfPropertyList(bytes: Buffer, key: string): Result<string | null, 'unreadable'> {
  if (bytes.subarray(0, 8).toString('latin1') === 'bplist00') return ofBinary(bytes, key);
  const text = decodeUtf8(bytes);
  return text === null ? unreadable : ofXml(text, key);
}

const unreadable = err('unreadable') satisfies Result<never, 'unreadable'>;
const trailerBytes = 32;

function ofBinary(bytes: Buffer, key: string): Result<string | null, 'unreadable'> {
  try {
    const trailer = bytes.subarray(bytes.byteLength - trailerBytes);
    const [offsetBytes, referenceBytes] = [trailer.readUInt8(6), trailer.readUInt8(7)];
    const [top, table] = [Number(trailer.readBigUInt64BE(16)), Number(trailer.readBigUInt64BE(24))];
    const placeOf = (object: number): number => bytes.readUIntBE(table + object * offsetBytes, offsetBytes);
    const { kind, count, at } = headAt(bytes, placeOf(top));
    if (kind !== dictionary) return unreadable;
    const referenceAt = (index: number): number =>
      placeOf(bytes.readUIntBE(at + index * referenceBytes, referenceBytes));
    for (let index = 0; index < count; index += 1) {
      if (textAt(bytes, referenceAt(index)) !== key) continue;
      // The keys stand first, then as many values.
      const value = textAt(bytes, referenceAt(count + index));
      return value === null ? unreadable : ok(value);
    }
    return ok(null);
  } catch (cause) {
    // A place outside of the file; anything else is a bug.
    if (cause instanceof RangeError) return unreadable;
    throw cause;
  }
}

const ascii = 0x5;
const utf16 = 0x6;
const dictionary = 0xd;
const countFollows = 0xf;

/** What stands there, how many of it, and where it begins. */
function headAt(bytes: Buffer, place: number): { kind: number; count: number; at: number } {
  const head = bytes.readUInt8(place);
  const [kind, count] = [head >> 4, head & 0xf];
  if (count !== countFollows) return { kind, count, at: place + 1 };
  const countBytes = 2 ** (bytes.readUInt8(place + 1) & 0xf);
  return { kind, count: bytes.readUIntBE(place + 2, countBytes), at: place + 2 + countBytes };
}

function textAt(bytes: Buffer, place: number): string | null {
  const { kind, count, at } = headAt(bytes, place);
  if (kind !== ascii && kind !== utf16) return null;
  const raw = bytes.subarray(at, at + count * (kind === utf16 ? 2 : 1));
  if (raw.byteLength !== count * (kind === utf16 ? 2 : 1)) throw new RangeError('cut off');
  return kind === ascii ? raw.toString('latin1') : Buffer.from(raw).swap16().toString('utf16le');
}

/** A key that stands deeper would be found too: what is read there is no signed note, so nothing is made laxer by it. */
function ofXml(text: string, key: string): Result<string | null, 'unreadable'> {
  if (!/^\s*<\?xml[^>]*>[^]*<plist[^>]*>[^]*<\/plist>\s*$/.test(text)) return unreadable;
  const after = text.split(`<key>${key}</key>`)[1];
  if (after === undefined) return ok(null);
  const value = /^\s*<string>([^<]*)<\/string>/.exec(after)?.[1];
  if (value === undefined) return unreadable;
  return ok(value.replaceAll(/&(lt|gt|amp|quot|apos|#\d{1,7});/g, (_all, name: string) => entity(name)));
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function entity(name: string): string {
  const known = entities[name];
  if (known !== undefined) return known;
  const codePoint = Number(name.slice(1));
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '';
}
