/** One way in which bytes can lie in a file or in memory. */
export type ByteForm = { readonly form: string; readonly bytes: Buffer };

/** A text as UTF-8 and UTF-16, as hexadecimal digits and as base64. */
export function formsOfText(text: string): readonly ByteForm[] {
  return [
    { form: 'UTF-16', bytes: Buffer.from(text, 'utf16le') },
    ...formsOfBytes(Buffer.from(text, 'utf8')),
  ];
}

/** Bytes as they are, as hexadecimal digits and as base64. */
export function formsOfBytes(bytes: Buffer): readonly ByteForm[] {
  const hex = bytes.toString('hex');
  return [
    { form: 'plain', bytes },
    { form: 'hexadecimal', bytes: Buffer.from(hex) },
    { form: 'HEXADECIMAL', bytes: Buffer.from(hex.toUpperCase()) },
    ...base64Of(bytes).map((text) => ({ form: 'base64', bytes: Buffer.from(text) })),
  ];
}

/** What is the same whatever stands around the bytes: base64 writes three bytes at a time, so they can begin in three places. */
function base64Of(bytes: Buffer): readonly string[] {
  const plain = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const bitsBefore = before * 8;
    const bitsAfter = (before + bytes.length) * 8;
    return text.slice(Math.ceil(bitsBefore / 6), Math.floor(bitsAfter / 6));
  });
  return [...new Set(plain.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]))];
}
