import type { LogEventType } from '../../shared/log-event-types.ts';
import type { LeafEnvelope } from './leaf.ts';
import type { ReadLeaf } from './leaves-of.ts';
import type { LogReader } from './log-reader.ts';

/** What `summary.html` tells, taken from the leaves of the bundle and nothing else. */
export type Summary = {
  readonly entries: number;
  readonly first: PlacedLeaf | null;
  readonly last: PlacedLeaf | null;
  /** Most frequent first. */
  readonly types: readonly Counted<LogEventType>[];
  /** Days in UTC (YYYY-MM-DD), in order. */
  readonly days: readonly Counted<string>[];
  readonly findings: readonly Finding[];
  /** Entries that cannot be read. */
  readonly unreadable: number;
  /** The export of this very bundle: the last entry of the record. Null where an extract leaves it out. */
  readonly exported: PlacedLeaf | null;
  /** Newest display name by user id. Empty where the text is withheld. */
  readonly names: ReadonlyMap<string, string>;
  readonly organisation: string | null;
};
export type PlacedLeaf = { readonly index: number; readonly leaf: LeafEnvelope };
type Counted<K> = { readonly key: K; readonly entries: number; readonly attention: number };
type Finding = { readonly kind: FindingKind; readonly count: number; readonly newest: readonly PlacedLeaf[] };
export type FindingKind = keyof typeof findingEvents;

/** Events that a reader should look at, the gravest first. */
export const findingEvents = {
  tampering: ['log.anchor-mismatch', 'keyring.refused'],
  network: ['network.blocked'],
  emergency: ['record.break-glass'],
  signIns: ['session.sign-in-failed', 'session.locked-out'],
  keys: ['log.key-rotated', 'key.rotated', 'recovery.used'],
  clock: ['clock.jumped-back'],
  policy: ['policy.problem'],
  faults: ['process.ended', 'model.refused', 'response.failed', 'log.anchor-failed'],
} as const satisfies Record<string, readonly LogEventType[]>;
const findingKinds = Object.keys(findingEvents).filter((kind): kind is FindingKind => kind in findingEvents);

/** Of one finding, so many are listed. */
const listed = 8;

type Source = Pick<LogReader, 'payloadsOf'>;

/** Counts the leaves as somebody else reads them; what is kept does not grow with their number, but for one count per day. */
export type Counting = {
  /** @param leaf null: it cannot be read */
  add(index: number, leaf: ReadLeaf | null): void;
  summary(reader: Source, size: number, clinicalText: 'withheld' | 'included'): Summary;
};

export function startCounting(): Counting {
  const tally = newTally();
  return {
    add(index, leaf) {
      tally.entries += 1;
      if (leaf === null) tally.unreadable += 1;
      else count(tally, { index, leaf: leaf.leaf }, leaf.type);
    },
    summary: (reader, size, clinicalText) =>
      summaryOf(tally, size, clinicalText === 'included' ? toldNames(tally.naming, reader) : null),
  };
}

function summaryOf(tally: Tally, size: number, told: ReturnType<typeof toldNames> | null): Summary {
  const { last } = tally;
  return {
    entries: tally.entries,
    first: tally.first,
    last,
    types: counted(tally.types).toSorted((a, b) => b.entries - a.entries || (a.key < b.key ? -1 : 1)),
    days: counted(tally.days).toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    findings: findingKinds.map((kind) => ({
      kind,
      ...(tally.findings.get(kind) ?? { count: 0, newest: [] }),
    })),
    unreadable: tally.unreadable,
    exported: last?.index === size - 1 && last.leaf.event === 'log.exported' ? last : null,
    names: told?.names ?? new Map(),
    organisation: told?.organisation ?? null,
  };
}

type Count = { entries: number; attention: number };
type Tally = {
  entries: number;
  unreadable: number;
  first: PlacedLeaf | null;
  last: PlacedLeaf | null;
  readonly types: Map<LogEventType, Count>;
  readonly days: Map<string, Count>;
  readonly findings: Map<FindingKind, { count: number; newest: PlacedLeaf[] }>;
  /** Leaves that name somebody: as many as there are accounts, and changes of their names. */
  readonly naming: PlacedLeaf[];
};

function newTally(): Tally {
  return {
    entries: 0,
    unreadable: 0,
    first: null,
    last: null,
    types: new Map(),
    days: new Map(),
    findings: new Map(),
    naming: [],
  };
}

function count(tally: Tally, placed: PlacedLeaf, type: LogEventType): void {
  const { leaf } = placed;
  tally.first ??= placed;
  tally.last = placed;
  addTo(tally.types, type, leaf);
  addTo(tally.days, leaf.at.slice(0, 10), leaf);
  if (namingEvents.has(type)) tally.naming.push(placed);
  const kind = findingKinds.find((each) => findingEvents[each].some((event) => event === type));
  if (kind === undefined) return;
  const found = tally.findings.get(kind) ?? { count: 0, newest: [] };
  found.count += 1;
  found.newest = [placed, ...found.newest].slice(0, listed);
  tally.findings.set(kind, found);
}

const namingEvents: ReadonlySet<LogEventType> = new Set(['log.created', 'user.created', 'user.renamed']);

function addTo<K>(counts: Map<K, Count>, key: K, { outcome }: LeafEnvelope): void {
  const before = counts.get(key) ?? { entries: 0, attention: 0 };
  counts.set(key, {
    entries: before.entries + 1,
    attention: before.attention + (outcome === 'success' || outcome === 'stopped' ? 0 : 1),
  });
}

function counted<K>(counts: ReadonlyMap<K, Count>): Counted<K>[] {
  return [...counts].map(([key, value]) => ({ key, ...value }));
}

function toldNames(naming: readonly PlacedLeaf[], reader: Source) {
  const names = new Map<string, string>();
  let organisation: string | null = null;
  for (const { index, leaf } of naming) {
    for (const { field, text } of reader.payloadsOf(index)) {
      if (field === 'organisationName') organisation = text;
      const { user } = leaf.data;
      if (field === 'displayName' && typeof user === 'string') names.set(user, text);
    }
  }
  return { names, organisation };
}
