import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../shared/result.ts';
import { ed25519Signer, publicKeyOf, verifyEd25519 } from './ed25519.ts';

/**
 * C2SP signed-note with Ed25519 (signature type 0x01): the text, an empty line, then signature lines
 * `— <key name> <base64(key id || signature)>`. Verifier keys are `<name>+<key id, 8 hex digits>+<base64(0x01 || key)>`.
 */
const ed25519Type = 0x01;

export type NoteError = 'malformed' | 'malformed-key' | 'unknown-signer' | 'bad-signature';

/** Makes a text a note; the text ends with a newline and holds no other control characters. */
export type NoteSigner = (text: string) => string;

export function noteSigner(keyName: string, seed: Uint8Array): NoteSigner {
  const { publicKey, sign } = ed25519Signer(seed);
  const id = keyId(keyName, publicKey);
  return (text) => {
    if (!isNoteText(text)) throw new RangeError('the text cannot stand in a signed note');
    const blob = Buffer.concat([id, sign(Buffer.from(text, 'utf8'))]);
    return `${text}\n— ${keyName} ${blob.toString('base64')}\n`;
  };
}

/** One note; see `noteSigner`. */
export function signNote(text: string, keyName: string, seed: Uint8Array): string {
  return noteSigner(keyName, seed)(text);
}

/** @returns the note's text, when a signature of this key is on it and right. Signatures of other keys are passed over. */
export function openNote(note: string, verifierKey: string): Result<string, NoteError> {
  const key = parseVerifierKey(verifierKey);
  if (key === null) return err('malformed-key');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return err('malformed');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (!isNoteText(text) || lines.length > 100) return err('malformed');
  let signature: Uint8Array | null = null;
  for (const line of lines) {
    const match = /^— ([^ +]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
    const blob = decodeBase64(match?.[2] ?? '');
    if (match === null || blob === null || blob.byteLength < 5) return err('malformed');
    if (match[1] !== key.name || !blob.subarray(0, 4).equals(key.id)) continue;
    if (signature !== null) return err('malformed');
    signature = blob.subarray(4);
  }
  if (signature === null) return err('unknown-signer');
  return verifyEd25519(Buffer.from(text, 'utf8'), signature, key.publicKey) ? ok(text) : err('bad-signature');
}

/** The `vkey` text of a log key. */
export function verifierKeyFor(keyName: string, seed: Uint8Array): string {
  return formatVerifierKey(keyName, publicKeyOf(seed));
}

/** @param publicKey raw, 32 bytes */
export function formatVerifierKey(keyName: string, publicKey: Uint8Array): string {
  const encoded = Buffer.concat([Uint8Array.of(ed25519Type), publicKey]).toString('base64');
  return `${keyName}+${keyId(keyName, publicKey).toString('hex')}+${encoded}`;
}

export type VerifierKey = { readonly name: string; readonly id: Buffer; readonly publicKey: Uint8Array };

/** @returns null for anything but one canonical verifier key */
export function parseVerifierKey(text: string): VerifierKey | null {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text);
  const key = decodeBase64(match?.[3] ?? '');
  const name = match?.[1];
  if (name === undefined || key?.byteLength !== 33 || key[0] !== ed25519Type) return null;
  const publicKey = key.subarray(1);
  const id = keyId(name, publicKey);
  return id.toString('hex') === match?.[2] ? { name, id, publicKey } : null;
}

/** First four bytes of SHA-256(name || 0x0A || type || public key). */
function keyId(name: string, publicKey: Uint8Array): Buffer {
  if (!/^[^\s+]+$/u.test(name)) throw new RangeError('a key name holds no space and no plus');
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ed25519Type))
    .update(publicKey)
    .digest()
    .subarray(0, 4);
}

/** Well-formed, ends with a newline, no control characters but newline. */
function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the specification forbids exactly these
  return text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f\u007f]/u.test(text);
}

/** Base64 that says it one way only. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : null;
}
