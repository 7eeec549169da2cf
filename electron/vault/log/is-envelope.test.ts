import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leafOf } from './audit-event-fixture.ts';
import { isEnvelope } from './is-envelope.ts';
import { leafEnvelopeSchema } from './leaf.ts';

const good = leafOf('prompt.submitted', { texts: { prompt: 'a'.repeat(64) } });
const odd = fc.oneof(
  fc.anything({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    -0,
    -1,
    1.5,
    2 ** 53,
    Number.NaN,
    '',
    '1',
    'system',
    'clinician',
    'none',
    'success',
    'unknown',
    [],
    {},
    { id: null, role: 'system' },
    { id: null, role: 'none' },
    { id: null },
    { role: 'system' },
    { id: undefined, role: 'system' },
    { id: null, role: 'system', more: 1 },
    { prompt: 'a'.repeat(63) },
    { other: 'a'.repeat(64) },
    'ab'.repeat(16),
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF',
    '11111111-1111-9111-8111-111111111111',
    '2024-02-29T00:00:00.000Z',
    '2023-02-29T00:00:00.000Z',
    '2026-11-29T24:00:00.000Z',
    '2026-11-29T09:00:00Z',
    '2026-11-29T09:00:00.000+00:00',
    '0.1.0',
    '0.1.0\n',
  ),
);

it('says what the schema says, of every leaf that differs in one member', () => {
  expect([isEnvelope(good), leafEnvelopeSchema.safeParse(good).success]).toEqual([true, true]);
  const change = fc.tuple(
    fc.constantFrom(...Object.keys(good), 'more', '__proto__', 'toString'),
    odd,
    fc.boolean(),
  );
  fc.assert(
    fc.property(change, ([name, value, isLeftOut]) => {
      const { [name]: _, ...rest } = good;
      const leaf: unknown = isLeftOut ? rest : { ...rest, [name]: value };
      expect([name, value, isEnvelope(leaf)]).toEqual([
        name,
        value,
        leafEnvelopeSchema.safeParse(leaf).success,
      ]);
    }),
    { numRuns: 5000 },
  );
});

it('says what the schema says, of anything', () => {
  fc.assert(
    fc.property(odd, (value) => {
      expect(isEnvelope(value)).toBe(leafEnvelopeSchema.safeParse(value).success);
    }),
    { numRuns: 1000 },
  );
});
