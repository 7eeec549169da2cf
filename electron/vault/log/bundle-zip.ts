import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { loadAge } from '../keys/age.ts';
import { canonicalText, type JsonValue } from './canonical-json.ts';
import { storedZip, type ZipMember } from './stored-zip.ts';

/** Its bytes are made when their turn in the file comes, and hashed on their way into it: memory stays constant. */
export type Member = {
  readonly name: string;
  readonly bytes: () => Iterable<Uint8Array>;
  /** How many pieces `bytes` gives, about: for the progress alone. */
  readonly pieces: number;
};

/** Called before each piece is used; what it throws ends the writing. */
export type OnPiece = () => void;

export function textMember(name: string, text: string): Member {
  return { name, bytes: () => [Buffer.from(text, 'utf8')], pieces: 1 };
}

export function jsonMember(name: string, value: JsonValue): Member {
  return textMember(name, `${canonicalText(value)}\n`);
}

const newline = Buffer.from('\n');

/** One line for each item. */
export function linesMember<T>(
  name: string,
  pieces: number,
  items: () => Iterable<T>,
  toBytes: (item: T) => Uint8Array,
): Member {
  function* bytes(): Iterable<Uint8Array> {
    for (const item of items()) {
      yield toBytes(item);
      yield newline;
    }
  }
  return { name, bytes, pieces };
}

/**
 * The same log at the same size gives the same bytes. Members are stored and not packed: a flipped bit on a worn medium
 * stays one bit, so that the verifier can name the entry that it hit.
 */
export function inOrder(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A check sum and a write for each line would take longer than the lines themselves. */
const bytesAtOnce = 64 * 1024;

/** @param piece is filled again and again: what it held is gone when the next piece is asked for */
function* inLargePieces(member: Member, onPiece: OnPiece, piece: Buffer): Iterable<Uint8Array> {
  let filled = 0;
  for (const bytes of member.bytes()) {
    onPiece();
    if (filled + bytes.byteLength > bytesAtOnce && filled > 0) {
      yield piece.subarray(0, filled);
      filled = 0;
    }
    if (bytes.byteLength > bytesAtOnce) yield bytes;
    else {
      piece.set(bytes, filled);
      filled += bytes.byteLength;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** A member about those before it; `sums` has a line `<SHA-256 in hex>  <name>` for each of them. */
export type ClosingMember = { readonly name: string; readonly text: (sums: string) => string };

/**
 * @param closing the last members
 * @param recipients of age (`age1...`), checked; where there are any, only the encrypted bytes ever reach the disk
 * @throws what the file system or a read throws, and what `onPiece` throws; then nothing is being read any more
 */
export async function writeZip(
  members: readonly Member[],
  closing: readonly ClosingMember[],
  path: string,
  recipients: readonly string[],
  onPiece: OnPiece,
): Promise<void> {
  const bytes = storedZip(withSums(members, closing, onPiece));
  const file = openSync(path, 'wx', 0o600);
  try {
    // To the end of the loop, whatever ends it, the reads of the database that stand behind it are closed.
    for await (const piece of recipients.length === 0 ? bytes : encrypted(bytes, recipients))
      writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

function* withSums(
  members: readonly Member[],
  closing: readonly ClosingMember[],
  onPiece: OnPiece,
): Iterable<ZipMember> {
  let sums = '';
  const room = Buffer.allocUnsafe(bytesAtOnce);
  function* hashed(member: Member): Iterable<Uint8Array> {
    const hash = createHash('sha256');
    for (const piece of inLargePieces(member, onPiece, room)) {
      hash.update(piece);
      yield piece;
    }
    sums += `${hash.digest('hex')}  ${member.name}\n`;
  }
  for (const member of members) yield { name: member.name, bytes: hashed(member) };
  for (const { name, text } of closing) yield { name, bytes: [Buffer.from(text(sums))] };
}

/** age's own chunks of 64 KiB, one after the other: the memory is the same for any length. */
async function* encrypted(
  bytes: Iterable<Uint8Array>,
  recipients: readonly string[],
): AsyncIterable<Uint8Array> {
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  yield* await encrypter.encrypt(webStream(bytes));
}

/** Nothing is read ahead. */
function webStream(bytes: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.iterator]();
  return new ReadableStream(
    {
      pull(controller) {
        const piece = pieces.next();
        if (piece.done === true) controller.close();
        // Its own: the pieces use one room, and a stream may keep one while it asks for the next.
        else controller.enqueue(new Uint8Array(piece.value));
      },
      cancel() {
        pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
