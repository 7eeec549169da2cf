import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leafDataSchemas, leafEnvelopeSchema, textFieldSchema } from './leaf.ts';

/** Cells of the first table with this head, without the words that explain them. */
function tableOf(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex(
    (line, index) => line.split('|')[1]?.trim() === head && lines[index + 1]?.startsWith('| --') === true,
  );
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.split('|').slice(1, -1));
}

function names(cell: string | undefined): string[] {
  const withoutExplanations = (cell ?? '').replace(/\([^)]*\)/g, '');
  return [...withoutExplanations.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
}

const format = readFileSync(join(import.meta.dirname, 'FORMAT.md'), 'utf8');

describe('FORMAT.md', () => {
  it('lists the members of a leaf', () => {
    const listed = tableOf(format, 'member').map(([member]) => names(member)[0]);
    expect(listed).toEqual(Object.keys(leafEnvelopeSchema.shape));
  });

  it('lists every event with the members of its data', () => {
    const listed = tableOf(format, '`event`').flatMap(([events, data]) =>
      names(events).map((event) => [event, names(data)] as const),
    );
    const known = Object.entries(leafDataSchemas).map(
      ([event, schema]) => [event, Object.keys(schema.shape)] as const,
    );
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known));
  });

  it('names every text that a leaf can commit to', () => {
    const listed = tableOf(format, '`event`').flatMap(([, , texts]) => names(texts));
    expect(new Set(listed)).toEqual(new Set(textFieldSchema.options));
  });
});
