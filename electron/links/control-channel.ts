import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import type { Duplex } from 'node:stream';
import { z } from 'zod';

/**
 * The line between a command in a terminal and the vault of the running app: a stream of frames (length in 32 bits, big
 * endian, then so many bytes), the first one from each end a hello in JSON, all others sealed. Both ends make an X25519
 * key for this conversation alone; the vault signs both hellos with the log key, whose public half the command has from the
 * key file. So the command knows, before it sends a passphrase, that it talks to the vault and not to a program that took
 * its place, and that nobody stands between. Who the person is, is said over the sealed line.
 */
export type ControlChannel = {
  send(message: unknown): void;
  /** The next message; `undefined` when the other end has gone or sent what is not of this conversation. */
  next(): Promise<unknown>;
  close(): void;
};

/** Bytes. */
const maximumFrame = 1024 * 1024;
const tagBytes = 16;

/** What both ends must mean by the same word. */
export type ControlSubject = { readonly installationId: string; readonly origin: string };

const bytes32 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const helloSchema = z.strictObject({ v: z.literal(1), nonce: bytes32, key: bytes32 });
const signedHelloSchema = z.strictObject({
  v: z.literal(1),
  nonce: bytes32,
  key: bytes32,
  /** Ed25519, of `transcriptOf`. */
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});
type Hello = Pick<z.infer<typeof helloSchema>, 'nonce' | 'key'>;

/** @returns null where the other end did not prove to be the vault of this installation; the stream is closed then */
export async function callVault(
  stream: Duplex,
  subject: ControlSubject,
  isSignedByLogKey: (text: Uint8Array, signature: Uint8Array) => boolean,
): Promise<ControlChannel | null> {
  const frames = framesOf(stream);
  const own = ephemeral();
  writeFrame(stream, Buffer.from(JSON.stringify({ v: 1, ...own.hello })));
  const answer = signedHelloSchema.safeParse(parseJson(await nextFrame(frames)));
  if (!answer.success) return closed(stream);
  const transcript = transcriptOf(subject, own.hello, answer.data);
  if (!isSignedByLogKey(transcript, Buffer.from(answer.data.signature, 'base64'))) return closed(stream);
  const keys = keysOf(own.privateKey, answer.data.key, transcript);
  return keys === null ? closed(stream) : sealedChannel(stream, frames, keys.toVault, keys.toCommand);
}

/** @returns null where what came is no beginning of such a conversation; the stream is closed then */
export async function answerCommand(
  stream: Duplex,
  subject: ControlSubject,
  signWithLogKey: (text: Uint8Array) => Uint8Array,
): Promise<ControlChannel | null> {
  const frames = framesOf(stream);
  const hello = helloSchema.safeParse(parseJson(await nextFrame(frames)));
  if (!hello.success) return closed(stream);
  const own = ephemeral();
  const transcript = transcriptOf(subject, hello.data, own.hello);
  const keys = keysOf(own.privateKey, hello.data.key, transcript);
  if (keys === null) return closed(stream);
  const signature = Buffer.from(signWithLogKey(transcript)).toString('base64');
  writeFrame(stream, Buffer.from(JSON.stringify({ v: 1, ...own.hello, signature })));
  return sealedChannel(stream, frames, keys.toCommand, keys.toVault);
}

function closed(stream: Duplex): null {
  stream.destroy();
  return null;
}

/** Begins with a line that begins nothing else that the log key signs (a checkpoint, a change of the key, `SSHSIG`). */
function transcriptOf({ installationId, origin }: ControlSubject, command: Hello, vault: Hello): Uint8Array {
  const lines = [
    'cloister/1 command line',
    installationId,
    origin,
    command.nonce,
    command.key,
    vault.nonce,
    vault.key,
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

function ephemeral(): { readonly privateKey: KeyObject; readonly hello: Hello } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const key = Buffer.from(x, 'base64url').toString('base64');
  return { privateKey, hello: { nonce: randomBytes(32).toString('base64'), key } };
}

/** @returns null for a point of low order: everybody would know the secret that it gives */
function keysOf(
  privateKey: KeyObject,
  theirs: string,
  transcript: Uint8Array,
): { readonly toVault: Buffer; readonly toCommand: Buffer } | null {
  const x = Buffer.from(theirs, 'base64').toString('base64url');
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
    const shared = diffieHellman({ privateKey, publicKey });
    const salt = createHash('sha256').update(transcript).digest();
    const derive = (direction: string): Buffer =>
      Buffer.from(hkdfSync('sha256', shared, salt, `cloister/1 command line ${direction}`, 32));
    const keys = { toVault: derive('to vault'), toCommand: derive('to command') };
    shared.fill(0);
    return keys;
  } catch {
    return null;
  }
}

/** AES-256-GCM; a key serves one direction of one conversation, so that the number of the message is a nonce. */
function sealedChannel(
  stream: Duplex,
  frames: AsyncGenerator<Buffer>,
  sendKey: Buffer,
  receiveKey: Buffer,
): ControlChannel {
  let [sent, received] = [0n, 0n];
  return {
    send(message) {
      const cipher = createCipheriv('aes-256-gcm', sendKey, nonceOf(sent));
      sent += 1n;
      const text = Buffer.from(JSON.stringify(message));
      writeFrame(stream, Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
      text.fill(0);
    },
    async next() {
      const frame = await nextFrame(frames);
      if (frame === null || frame.byteLength < tagBytes) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', receiveKey, nonceOf(received), {
        authTagLength: tagBytes,
      });
      received += 1n;
      decipher.setAuthTag(frame.subarray(-tagBytes));
      try {
        const text = Buffer.concat([decipher.update(frame.subarray(0, -tagBytes)), decipher.final()]);
        const message = parseJson(text);
        text.fill(0);
        return message;
      } catch {
        stream.destroy();
        return undefined;
      }
    },
    close() {
      stream.end();
    },
  };
}

function nonceOf(number: bigint): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(number, 4);
  return nonce;
}

function writeFrame(stream: Duplex, content: Buffer): void {
  if (content.byteLength > maximumFrame) throw new RangeError('a message of the command line is too long');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.byteLength);
  if (stream.writable) stream.write(Buffer.concat([length, content]));
}

/** Ends at a frame that is too long, and where the stream breaks. */
async function* framesOf(stream: Duplex): AsyncGenerator<Buffer> {
  let waiting = Buffer.alloc(0);
  const pieces: AsyncIterable<Buffer> = stream;
  try {
    for await (const piece of pieces) {
      waiting = Buffer.concat([waiting, piece]);
      while (waiting.byteLength >= 4) {
        const end = 4 + waiting.readUInt32BE(0);
        if (end > 4 + maximumFrame) return;
        if (waiting.byteLength < end) break;
        yield waiting.subarray(4, end);
        waiting = waiting.subarray(end);
      }
    }
  } catch {
    // A connection that breaks off has ended.
  }
}

async function nextFrame(frames: AsyncGenerator<Buffer>): Promise<Buffer | null> {
  const next: IteratorResult<Buffer, unknown> = await frames.next();
  return next.done === true ? null : next.value;
}

function parseJson(text: Buffer | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
