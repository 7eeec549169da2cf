import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Encrypter } from 'age-encryption';
import { ZipFile } from 'yazl';
import { canonicalText, type JsonValue } from './canonical-json.ts';

/** A member is made twice from the same stored bytes, once for its hash and once for the file: memory stays constant. */
export type Member = {
  readonly name: string;
  readonly bytes: () => Iterable<Uint8Array>;
  /** How many pieces `bytes` gives, about: for the progress alone. */
  readonly pieces: number;
};

/** Called before each piece is used; what it throws ends the writing. */
export type OnPiece = () => void;

/**
 * The same log at the same size gives the same bytes: members sorted, one time for all, one mode. Members are stored and
 * not packed: a flipped bit on a worn medium stays one bit, so that the verifier can name the entry that it hit.
 */
const memberTime = new Date(Date.UTC(1980, 0, 1, 12));

export function textMember(name: string, text: string): Member {
  return { name, bytes: () => [Buffer.from(text, 'utf8')], pieces: 1 };
}

export function jsonMember(name: string, value: JsonValue): Member {
  return textMember(name, `${canonicalText(value)}\n`);
}

/** One line for each item. */
export function linesMember<T>(
  name: string,
  pieces: number,
  items: () => Iterable<T>,
  toBytes: (item: T) => Uint8Array,
): Member {
  function* bytes(): Iterable<Uint8Array> {
    for (const item of items()) yield Buffer.concat([toBytes(item), Buffer.from('\n')]);
  }
  return { name, bytes, pieces };
}

export function inOrder(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** SHA-256 in hex. */
export function hashOf(member: Member, onPiece: OnPiece): string {
  const hash = createHash('sha256');
  for (const bytes of told(member, onPiece)) hash.update(bytes);
  return hash.digest('hex');
}

function* told(member: Member, onPiece: OnPiece): Iterable<Uint8Array> {
  for (const bytes of member.bytes()) {
    onPiece();
    yield bytes;
  }
}

/**
 * @param recipients of age (`age1...`), checked; where there are any, only the encrypted bytes ever reach the disk
 * @throws what the file system or a read throws, and what `onPiece` throws; then nothing is being read any more
 */
export async function writeZip(
  members: readonly Member[],
  path: string,
  recipients: readonly string[],
  onPiece: OnPiece,
): Promise<void> {
  const zip = new ZipFile();
  // yazl listens to no source's errors: without this, a failing read would end the thread and not this promise.
  const failure = new AbortController();
  const reading = new Set<Readable>();
  for (const member of members) {
    zip.addReadStreamLazy(
      member.name,
      { mtime: memberTime, mode: 0o100644, compress: false, forceDosTimestamp: true },
      (give) => {
        const source = Readable.from(told(member, onPiece), { objectMode: false });
        reading.add(source);
        source.once('error', (cause) => {
          failure.abort(cause);
        });
        source.once('close', () => reading.delete(source));
        give(null, source);
      },
    );
  }
  zip.end();
  try {
    const source = recipients.length === 0 ? zip.outputStream : encrypted(zip.outputStream, recipients);
    await pipeline(source, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal: failure.signal });
  } catch (cause) {
    // A statement that is still being stepped through keeps its database from closing.
    for (const source of reading) await destroyed(source);
    throw failure.signal.aborted ? failure.signal.reason : cause;
  }
}

/** age's own chunks of 64 KiB, one after the other: the memory is the same for any length. */
async function* encrypted(
  bytes: AsyncIterable<Uint8Array | string>,
  recipients: readonly string[],
): AsyncIterable<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  yield* await encrypter.encrypt(webStream(bytes));
}

/** Nothing is read ahead. `Readable.toWeb` does that, and throws outside of any promise when its stream fails. */
function webStream(bytes: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const piece: IteratorResult<Uint8Array | string, unknown> = await pieces.next();
        if (piece.done === true) controller.close();
        else controller.enqueue(Buffer.from(piece.value));
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function destroyed(source: Readable): Promise<void> {
  source.destroy();
  if (!source.closed) await once(source, 'close');
}
