import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { logEventTypeSchema } from '../../shared/log-event-types.ts';

/** Each verifier stands alone, so each has the list of events: one that lacks an event would refuse good bundles. */
it.each([
  ['verify.mjs', /const knownEvents = new Set\(\[([^\]]*)\]\)/u],
  ['verify.py', /^EVENTS = frozenset\(\n {4}\(([^)]*)\)/mu],
  ['go/events.go', /^var knownEvents = map\[string\]bool\{([^}]*)\}/mu],
])('%s knows the events of the app, and no other', (name, list) => {
  const source = readFileSync(join(import.meta.dirname, '../../auditor-kit', name), 'utf8');
  const events = [...(list.exec(source)?.[1] ?? '').matchAll(/['"]([a-z.-]+)['"]/gu)].map(
    ([, event]) => event,
  );
  expect(events).toEqual([...logEventTypeSchema.options]);
});
