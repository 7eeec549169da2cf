import { appError } from '../shared/app-error.ts';
import { err, ok, type Result } from '../shared/result.ts';

/** Enough for a key file with comments. */
const maximumBytes = 16 * 1024;
const enter = new Set([0x0a, 0x0d]);
const endOfInput = 0x04;
const interrupt = 0x03;
const rubOut = new Set([0x08, 0x7f]);

/** What is needed of `process.stdin`. `setRawMode` is there on a terminal only. */
export type SecretSource = AsyncIterable<unknown> & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/**
 * A secret from a person or a program, and from nowhere else: an argument and an environment can be read by other
 * programs. From a terminal, one line without echo; from a pipe or a file, all of it.
 * @returns the bytes, which the caller zeroes; `cancelled`, or `invalid-input` for nothing, too much, or a terminal whose echo cannot be switched off
 */
export async function readSecret(deps: {
  readonly source: SecretSource;
  readonly ask: (question: string) => void;
  readonly question: string;
}): Promise<Result<Buffer>> {
  const { source, ask, question } = deps;
  if (source.isTTY !== true) return readAll(source);
  if (source.setRawMode === undefined) return err(echoStays);
  source.setRawMode(true);
  try {
    ask(`${question} (it is not shown): `);
    return await readLine(source);
  } finally {
    source.setRawMode(false);
    ask('\n');
  }
}

async function readAll(source: SecretSource): Promise<Result<Buffer>> {
  const bytes = Buffer.alloc(maximumBytes);
  let length = 0;
  for await (const chunk of source) {
    const piece = pieceOf(chunk);
    const fits = length + piece.byteLength <= maximumBytes;
    if (fits) piece.copy(bytes, length);
    length += piece.byteLength;
    piece.fill(0);
    if (fits) continue;
    bytes.fill(0);
    return err(tooLong);
  }
  return length === 0 ? err(nothingGiven) : ok(bytes.subarray(0, length));
}

/** In raw mode the terminal hands over every key, those for "delete" and "interrupt" too. */
async function readLine(source: SecretSource): Promise<Result<Buffer>> {
  const bytes = Buffer.alloc(maximumBytes);
  let length = 0;
  const give = (answer: Result<Buffer>): Result<Buffer> => {
    if (!answer.ok) bytes.fill(0);
    return answer;
  };
  for await (const chunk of source) {
    const piece = pieceOf(chunk);
    const keys = [...piece];
    piece.fill(0);
    for (const key of keys) {
      if (key === interrupt) return give(err(cancelled));
      if (enter.has(key) || key === endOfInput)
        return give(length === 0 ? err(nothingGiven) : ok(bytes.subarray(0, length)));
      if (rubOut.has(key)) {
        length = withoutLastCharacter(bytes, length);
        continue;
      }
      if (length === maximumBytes) return give(err(tooLong));
      bytes[length] = key;
      length += 1;
    }
  }
  return give(err(cancelled));
}

/** A character of UTF-8 is its first byte and those after it that begin with the bits 10. */
function withoutLastCharacter(bytes: Buffer, length: number): number {
  let left = length;
  while (left > 0) {
    left -= 1;
    const byte = bytes[left] ?? 0;
    bytes[left] = 0;
    if ((byte & 0xc0) !== 0x80) break;
  }
  return left;
}

/** @throws for a stream that was told to give texts: a bug */
function pieceOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  throw new TypeError('standard input gives bytes');
}

const nothingGiven = appError(
  'invalid-input',
  'Nothing was given in the place of the secret. Nothing was changed. Type it when it is asked for, or pipe it in.',
);
const tooLong = appError(
  'invalid-input',
  'What was given is longer than any key. Nothing was changed. Give one key file or one line.',
);
const echoStays = appError(
  'invalid-input',
  'This terminal cannot be kept from showing what is typed, so nothing was asked. Nothing was changed. Pipe the secret in: cloister COMMAND < FILE.',
);
const cancelled = appError('cancelled', 'Cancelled. Nothing was changed.');
