import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readSecret, type SecretSource } from './read-secret.ts';

/** A terminal that gives what is typed in these pieces, and notes what is switched and asked. */
function terminal(pieces: readonly string[]): { source: SecretSource; events: string[] } {
  const events: string[] = [];
  const source = Object.assign(Readable.from(pieces.map((piece) => Buffer.from(piece))), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => events.push(isRaw ? 'echo off' : 'echo on'),
  });
  return { source, events };
}

async function typed(...pieces: string[]): Promise<string> {
  const { source, events } = terminal(pieces);
  const answer = await readSecret({ source, ask: () => undefined, question: 'Key' });
  expect(events).toEqual(['echo off', 'echo on']);
  return answer.ok ? answer.value.toString('utf8') : answer.error.code;
}

async function piped(...pieces: Buffer[]): Promise<string> {
  const source: SecretSource = Readable.from(pieces);
  const answer = await readSecret({ source, ask: () => undefined, question: 'Key' });
  return answer.ok ? answer.value.toString('utf8') : answer.error.code;
}

describe('a secret from the terminal', () => {
  it.each([
    [['secret\r'], 'secret'],
    [['secret\n'], 'secret'],
    [['s', 'e', 'c', '\r', 'more'], 'sec'],
    [['secrex\u007ft\r'], 'secret'],
    [['a\u0008\u0008\u0008b\r'], 'b'],
    [['grü\u007fün\r'], 'grün'],
    [['secret\u0004'], 'secret'],
    [['\r'], 'invalid-input'],
    [['secret\u0003'], 'cancelled'],
    [['sec'], 'cancelled'],
  ])('%j is read as %s', async (pieces, expected) => {
    expect(await typed(...pieces)).toBe(expected);
  });

  it('is refused where it is longer than any key', async () => {
    expect(await typed('x'.repeat(20_000))).toBe('invalid-input');
  });

  it('is asked for after the echo was switched off, and its bytes are never given to the output', async () => {
    const { source, events } = terminal(['hush\r']);
    await readSecret({ source, ask: (text) => events.push(text), question: 'Recovery key' });
    expect(events).toEqual(['echo off', 'Recovery key (it is not shown): ', 'echo on', '\n']);
  });

  it('is not asked for where the echo cannot be switched off', async () => {
    const asked: string[] = [];
    const source: SecretSource = Object.assign(Readable.from([Buffer.from('hush\r')]), { isTTY: true });
    const answer = await readSecret({ source, ask: (text) => asked.push(text), question: 'Key' });
    expect(asked).toEqual([]);
    expect(answer).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('Pipe the secret in') },
    });
  });
});

describe('a secret from a pipe', () => {
  it('is all that comes', async () => {
    expect(await piped(Buffer.from('# a file\nAGE-'), Buffer.from('KEY\n'))).toBe('# a file\nAGE-KEY\n');
  });

  it('is refused where nothing comes, or more than any key', async () => {
    expect(await piped()).toBe('invalid-input');
    expect(await piped(Buffer.alloc(10_000, 'x'), Buffer.alloc(10_000, 'x'))).toBe('invalid-input');
  });

  it('leaves nothing in the pieces it came in', async () => {
    const piece = Buffer.from('hush');
    await piped(piece);
    expect(piece.equals(Buffer.alloc(4))).toBe(true);
  });
});
