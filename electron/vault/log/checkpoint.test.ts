import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';

/** The example of the specification (C2SP tlog-checkpoint). */
const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

describe('a checkpoint', () => {
  it('of the specification is read and written the same', () => {
    const checkpoint = parseCheckpoint(example);
    expect(checkpoint).toEqual({
      ok: true,
      value: {
        origin: 'example.com/behind-the-sofa',
        size: 20_852_163,
        rootHash: Buffer.from('0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62', 'hex'),
      },
    });
    expect(checkpoint.ok && formatCheckpoint(checkpoint.value)).toBe(example);
  });

  it.each([
    ['a leading zero in its size', example.replace('2085', '02085')],
    ['a sign before its size', example.replace('2085', '+2085')],
    ['a size beyond what is exact', example.replace('20852163', '9007199254740993')],
    ['a short hash', example.replace('Csc', 'C').replace('CsUY', 'sUY')],
    ['a hash that can be written another way', example.replace('q2I=', 'q2J=')],
    ['no origin', example.replace('example.com/behind-the-sofa', '')],
    ['no last newline', example.slice(0, -1)],
    ['an extension line', `${example}more\n`],
    ['line ends of Windows', example.replaceAll('\n', '\r\n')],
  ])('with %s is refused', (_, changed) => {
    expect(parseCheckpoint(changed)).toEqual({ ok: false, error: 'malformed' });
  });
});
