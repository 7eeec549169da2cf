import { eventNames } from '../../shared/event-names.ts';
import { auditEventKinds, dicomSubtypes, dicomTypes, type AuditEventKind } from './audit-event-kinds.ts';
import type { LeafEnvelope } from './leaf.ts';
import { readLeaf, type ReadLeaf } from './leaves-of.ts';
import { hashLeaf } from './merkle.ts';

/**
 * `fhir/AuditEvent.ndjson`: one FHIR R4 (4.0.1) AuditEvent per leaf, in their order, modelled on the profiles of IHE BALP
 * 1.1. It holds what the leaves hold, so it is the same with text and without. FORMAT.md, "AuditEvent.ndjson".
 */
export type RecordFacts = {
  readonly origin: string;
  readonly flavour: 'release' | 'development';
};
type PlacedLeaf = { readonly index: number; readonly bytes: Uint8Array };
type Coding = { readonly system: string; readonly code: string; readonly display?: string };

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const terminology = 'http://terminology.hl7.org/CodeSystem';
/** Of events in FORMAT.md: a name that nobody else gives, since a code system needs one. */
export const eventSystem = 'urn:uuid:4f0f1c9e-7a0f-4d6e-9a3b-1c5d2e8f7b60';

const coding = (system: string, code: string, display?: string): Coding =>
  display === undefined ? { system, code } : { system, code, display };

/** @param onLeaf called with each leaf as it is read, null for one that is none */
export function* auditEventLines(
  leaves: Iterable<PlacedLeaf>,
  facts: RecordFacts,
  onLeaf: (index: number, leaf: ReadLeaf | null) => void = () => undefined,
): Iterable<Uint8Array> {
  for (const { index, bytes } of leaves) {
    const read = readLeaf(bytes);
    onLeaf(index, read);
    const place = placeOf(index, bytes, facts);
    const event = read === null ? unreadableEvent(place, facts) : auditEventOf(read, place, facts);
    yield Buffer.from(`${JSON.stringify(event)}\n`);
  }
}

function auditEventOf({ leaf, type }: ReadLeaf, place: Place, facts: RecordFacts) {
  const kind = auditEventKinds[type];
  const outcome = kind.outcome?.[leaf.outcome] ?? outcomes[leaf.outcome];
  return {
    resourceType: 'AuditEvent',
    id: place.id,
    ...metaOf(facts),
    type: coding(dicom, kind.type, dicomTypes[kind.type]),
    subtype: [
      ...(kind.subtype === null ? [] : [coding(dicom, kind.subtype, dicomSubtypes[kind.subtype])]),
      coding(eventSystem, type, eventNames[type]),
    ],
    action: kind.action,
    ...observedAt(leaf),
    recorded: leaf.at,
    outcome,
    ...(leaf.outcome === 'success' ? {} : { outcomeDesc: descriptionOf(leaf) }),
    ...(kind.purpose === undefined ? {} : { purposeOfEvent: [breakTheGlass] }),
    agent: agentsOf(leaf, kind),
    source: sourceOf(device(leaf.device), facts),
    entity: entitiesOf(leaf, kind, place),
  };
}

const outcomes = { success: '0', stopped: '4', refused: '8', failed: '8', attention: '0' } as const;
const breakTheGlass = { coding: [coding(`${terminology}/v3-ActReason`, 'BTG', 'break the glass')] };

type Place = {
  readonly id: string;
  readonly identifier: { readonly system: string; readonly value: string };
  readonly installation: string;
  readonly details: readonly { readonly type: string; readonly valueString: string }[];
};

/** Where the leaf stands and what it hashes to: enough to find and check it in events.jsonl. */
function placeOf(index: number, bytes: Uint8Array, { origin }: RecordFacts): Place {
  const [, installation = '', epoch = ''] = origin.split('/');
  return {
    id: `${installation}.${epoch}.${index}`,
    identifier: { system: `urn:uuid:${installation}`, value: `${epoch}/${index}` },
    installation,
    details: [
      detail('index', String(index)),
      detail('leafHash', Buffer.from(hashLeaf(bytes)).toString('hex')),
    ],
  };
}

/** What is written by a development build is about made-up patients: "test health data". */
function metaOf({ flavour }: RecordFacts) {
  if (flavour === 'release') return {};
  return { meta: { security: [coding(`${terminology}/v3-ActReason`, 'HTEST', 'test health data')] } };
}

const named = (uuid: string) => ({ system: 'urn:ietf:rfc:3986', value: `urn:uuid:${uuid}` });
const device = (id: string) => ({ type: 'Device', identifier: named(id) });

/** When it happened, where it was seen while nobody was signed in and told later. */
function observedAt({ data }: LeafEnvelope) {
  const { observed } = data;
  if (typeof observed !== 'object' || observed === null || !('at' in observed)) return {};
  return { period: { start: observed.at, end: observed.at } };
}

/** Words of closed alphabets only. */
function descriptionOf({ outcome, data }: LeafEnvelope): string {
  const more = [data['reason'], data['code'], data['problem'], data['kind']];
  return [outcome, ...more.filter((word) => typeof word === 'string')].join(': ');
}

function agentsOf(leaf: LeafEnvelope, kind: AuditEventKind) {
  const { actor, session } = leaf;
  const user =
    actor.id === null
      ? []
      : [
          {
            ...(kind.user === null
              ? {}
              : {
                  type: concept(`${terminology}/v3-ParticipationType`, kind.user, participation[kind.user]),
                }),
            role: [{ text: actor.role }],
            who: { identifier: named(actor.id) },
            requestor: true,
            ...(session === null ? {} : { policy: [`urn:uuid:${session}`] }),
          },
        ];
  return [...user, ...endsOf(leaf, kind, user.length === 0)];
}

const participation = {
  AUT: 'author (originator)',
  INF: 'informant',
  IRCP: 'information recipient',
} as const;
const concept = (system: string, code: string, display: string) => ({
  coding: [coding(system, code, display)],
});

/**
 * The app, where BALP has no pattern. Else its two ends: the side that asks (the client) and the one that keeps (the
 * server). Data flows to the client where something is read, to the server otherwise.
 */
function endsOf(leaf: LeafEnvelope, kind: AuditEventKind, requestor: boolean) {
  const app = `Cloister ${leaf.app}`;
  const end = (code: string, meaning: string, name: string, asks: boolean) => ({
    type: concept(dicom, code, meaning),
    who: device(leaf.device),
    name,
    requestor: asks,
    // All of it is on one machine, which has no other name here.
    network: { address: `urn:uuid:${leaf.device}`, type: '5' },
  });
  if (kind.pattern === null) return [end('110150', 'Application', app, requestor)];
  const isAnswer = kind.model === true && kind.role === '3';
  const other = kind.model === true ? 'local model' : `${app}, record`;
  const [client, server] = isAnswer ? [other, `${app}, record`] : [app, other];
  return kind.pattern === 'read'
    ? [
        end('110152', 'Destination Role ID', client, requestor),
        end('110153', 'Source Role ID', server, false),
      ]
    : [
        end('110153', 'Source Role ID', client, requestor),
        end('110152', 'Destination Role ID', server, false),
      ];
}

function sourceOf(observer: object, { origin }: RecordFacts) {
  return {
    site: origin.slice('cloister.'.length).split('/')[0],
    observer,
    type: [coding(`${terminology}/security-source-type`, '1', 'User Device')],
  };
}

const entityTypes = { '1': 'Person', '2': 'System Object' } as const;
const roles = {
  '1': 'Patient',
  '3': 'Report',
  '4': 'Domain Resource',
  '11': 'Security User Entity',
  '13': 'Security Resource',
  '20': 'Job',
} as const;

const entityOf = (type: keyof typeof entityTypes, role: keyof typeof roles, what: object) => ({
  what,
  type: coding(`${terminology}/audit-entity-type`, type, entityTypes[type]),
  role: coding(`${terminology}/object-role`, role, roles[role]),
});

/** The patient, the entry itself, and the account that it is about. */
function entitiesOf(leaf: LeafEnvelope, kind: AuditEventKind, place: Place) {
  const { patient, data } = leaf;
  const { user } = data;
  const patientIdentifier = { system: place.identifier.system, value: patient };
  return [
    ...(patient === null ? [] : [entityOf('1', '1', { type: 'Patient', identifier: patientIdentifier })]),
    {
      ...entityOf('2', kind.role, { identifier: place.identifier }),
      detail: [...place.details, ...toldDetails(data)],
    },
    ...(typeof user === 'string' ? [entityOf('1', '11', { identifier: named(user) })] : []),
  ];
}

const toldMembers = ['turn', 'intent', 'task', 'model', 'modelId', 'destination', 'entry', 'from', 'to'];

function toldDetails(data: LeafEnvelope['data']) {
  return toldMembers.flatMap((name) => {
    const value = data[name];
    return typeof value === 'string' || typeof value === 'number' ? [detail(name, String(value))] : [];
  });
}

function detail(type: string, valueString: string) {
  return { type, valueString };
}

/** A leaf that the app did not write: the verifiers name it, and an export must not fail where it is evidence. */
function unreadableEvent(place: Place, facts: RecordFacts) {
  const observer = device(place.installation);
  return {
    resourceType: 'AuditEvent',
    id: place.id,
    ...metaOf(facts),
    type: coding(dicom, '110113', dicomTypes['110113']),
    _recorded: {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'error' }],
    },
    outcome: '8',
    outcomeDesc: 'this entry cannot be read',
    agent: [{ type: concept(dicom, '110150', 'Application'), who: observer, requestor: false }],
    source: sourceOf(observer, facts),
    entity: [{ ...entityOf('2', '13', { identifier: place.identifier }), detail: place.details }],
  };
}
