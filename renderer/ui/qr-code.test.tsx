import { decodeQR } from 'qr/decode.js';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { QrCode } from './qr-code.tsx';

const uri =
  'otpauth://totp/Cloister%20Example%20Clinic:Dr.%20Zo%C3%AB%20Marsh?issuer=Cloister%20Example%20Clinic&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30';
const draw = (text: string): string => renderToStaticMarkup(<QrCode text={text} label="Scan this" />);

/** The picture as a camera gets it: each module some pixels wide, dark or white as the markup says. */
function photograph(markup: string) {
  const modules = Number(/viewBox="0 0 (\d+) \1"/.exec(markup)?.[1]);
  const dark = new Set(
    [...markup.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${Number(x)} ${Number(y)}`),
  );
  const pixelsPerModule = 4;
  const side = modules * pixelsPerModule;
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1)
      if (dark.has(`${Math.floor(x / pixelsPerModule)} ${Math.floor(y / pixelsPerModule)}`))
        data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  return { image: { width: side, height: side, data }, modules, dark };
}

describe('AC-10: the picture for the authenticator app', () => {
  it('says what it was given when it is read back', () => {
    expect(decodeQR(photograph(draw(uri)).image)).toBe(uri);
  });

  it('has four white modules around it', () => {
    const { modules, dark } = photograph(draw(uri));
    const edges = [...dark].flatMap((module) => module.split(' ').map(Number));
    expect([Math.min(...edges), Math.max(...edges)]).toEqual([4, modules - 5]);
  });

  it('is dark on white whatever the theme, and has a name for those who do not see it', () => {
    const markup = draw(uri);
    expect(markup).toMatch(/role="img" aria-label="Scan this"/);
    expect(markup).toMatch(/<rect width="\d+" height="\d+" fill="#fff"/);
    expect(markup).toMatch(/fill="#000"/);
    expect(markup).not.toMatch(/currentColor|var\(/);
  });

  it('is drawn here: no address, no picture file, no script', () => {
    expect(draw(uri)).not.toMatch(/href|data:|<image|<script|https?:/);
  });
});
