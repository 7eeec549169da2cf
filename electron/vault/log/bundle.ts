import { extractManifest, fullManifest } from './bundle-manifest.ts';
import { bundleReadme } from './bundle-readme.ts';
import { reportMembers } from './bundle-reports.ts';
import { inOrder, jsonMember, textMember, writeZip, type Member } from './bundle-zip.ts';
import type { EarlierRecord } from './earlier-records.ts';
import { publicKeyOf } from './ed25519.ts';
import { consistencyOf, extractReader, proofsOf } from './extract.ts';
import { extractReadme } from './extract-readme.ts';
import { rotationsAmong, type PlacedRotation } from './key-rotation.ts';
import type { LeafEnvelope } from './leaf.ts';
import { leavesOf, parseLeaf } from './leaves-of.ts';
import { logKeyFingerprint } from './log-key.ts';
import type { LogReader } from './log-reader.ts';
import { leafMembers, recordMembers } from './record-members.ts';
import { selectEntries } from './select-entries.ts';
import type { Selection } from './selection.ts';
import { openNote, parseVerifierKey, verifierKeyFor } from './signed-note.ts';
import { whatStandsOut, type StandsOut } from './stands-out.ts';
import { allowedSignersLine, sshSignature } from './sshsig.ts';

/** What a bundle is made of beside the log itself. */
export type BundleFacts = {
  readonly origin: string;
  readonly verifierKey: string;
  readonly logSeed: Uint8Array;
  /** Leaves in the bundle; a checkpoint of exactly this size is stored, and signed by this key. */
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  /** Null: all of them. */
  readonly selection: Selection | null;
  /** Of age, checked. None: the file is not encrypted. */
  readonly recipients: readonly string[];
  readonly appVersion: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly model: { readonly id: string; readonly sha256: string } | null;
  readonly policy: { readonly version: number; readonly sha256: string } | null;
  readonly flavour: 'release' | 'development';
};

/** A record that this one continues, with a reader of it. */
export type ContinuedRecord = { readonly record: EarlierRecord; readonly reader: LogReader };

/**
 * Format of FORMAT.md, "Bundle" and "Extract". @throws what the file system throws, for the caller to put in words, and what `mayGoOn` does
 * @param mayGoOn asked before each piece: throws where it should end
 * @returns how many leaves are in it
 */
export async function writeBundle(
  facts: BundleFacts,
  reader: LogReader,
  path: string,
  onProgress: (fraction: number) => void,
  mayGoOn: () => void = () => undefined,
  continued: readonly ContinuedRecord[] = [],
): Promise<number> {
  const { selection, size } = facts;
  const entries = selection === null ? null : selectEntries(reader, size, selection);
  const members = inOrder(contentMembers(facts, reader, entries, continued));
  const signed = [
    { name: 'SHA256SUMS', text: (sums: string) => sums },
    {
      name: 'SHA256SUMS.sshsig',
      text: (sums: string) => sshSignature(Buffer.from(sums), facts.logSeed),
    },
  ];
  await writeZip(members, signed, path, facts.recipients, countPieces(members, onProgress, mayGoOn));
  onProgress(1);
  return entries?.length ?? size;
}

/** Told once in a hundred steps at most; it stops just short of the end, which the caller tells. */
function countPieces(
  members: readonly Member[],
  onProgress: (fraction: number) => void,
  mayGoOn: () => void,
): () => void {
  const all = members.reduce((sum, { pieces }) => sum + pieces, 0);
  let [done, told] = [0, -1];
  return () => {
    mayGoOn();
    const step = Math.min(99, Math.floor((100 * done) / all));
    if (step > told) onProgress(step / 100);
    [done, told] = [done + 1, Math.max(step, told)];
  };
}

/** @param entries those of an extract; null: all */
function contentMembers(
  facts: BundleFacts,
  reader: LogReader,
  entries: readonly number[] | null,
  continued: readonly ContinuedRecord[],
): readonly Member[] {
  const { origin, size, selection } = facts;
  // What separates the notes of checkpoints.txt and the proofs relies on it.
  if (!origin.startsWith('cloister.')) throw new Error('not an origin of ours');
  const checkpoint = reader.checkpoint(size);
  if (checkpoint === null) throw new Error('there is no checkpoint of that size');
  if (
    verifierKeyFor(origin, facts.logSeed) !== facts.verifierKey ||
    !openNote(checkpoint, facts.verifierKey).ok
  )
    throw new Error('another key signed the record of that size');
  const known: Known = {
    checkpoint,
    told: toldOf(reader, size),
    continued: continued.map((part) => ({ ...part, told: toldOf(part.reader, part.record.size) })),
  };
  return [
    ...alike(facts, known),
    ...(selection === null || entries === null
      ? fullMembers(facts, reader, known)
      : extractMembers(facts, reader, known, selection, entries)),
  ];
}

/** What is read once; `told` are the leaves that README.txt and the manifest are about. */
type Known = {
  readonly checkpoint: string;
  readonly told: readonly LeafEnvelope[];
  readonly continued: readonly (ContinuedRecord & { readonly told: readonly LeafEnvelope[] })[];
};

function toldOf(reader: LogReader, size: number): readonly LeafEnvelope[] {
  return [...leavesOf(reader, size, ['log.key-rotated', 'record.break-glass', 'user.created'])];
}

/** An account that one person made in an earlier record is still that account. */
function standingOut(told: Known['told'], continued: Known['continued'], newFrom: number): StandsOut {
  const own = whatStandsOut(told, newFrom);
  const before = continued.some((part) => whatStandsOut(part.told, 0).solePractitioner);
  return { ...own, solePractitioner: own.solePractitioner || before };
}

/** FORMAT.md, "Bundle", `earlier/<epoch>/`. */
function continuedMembers(
  { record, reader, told }: Known['continued'][number],
  clinicalText: BundleFacts['clinicalText'],
): readonly Member[] {
  const checkpoint = reader.checkpoint(record.size);
  if (checkpoint === null) throw new Error('an earlier record lacks its last checkpoint');
  return [
    textMember('keys/log.vkey', `${record.verifierKey}\n`),
    textMember('log/checkpoint', checkpoint),
    ...recordMembers({ ...record, clinicalText }, reader, told),
  ].map((member) => ({ ...member, name: `earlier/${record.epoch}/${member.name}` }));
}

/** Of a full bundle and of an extract. */
function alike(facts: BundleFacts, { checkpoint }: Known): readonly Member[] {
  const { appVersion: app, versions, model, policy, flavour } = facts;
  return [
    jsonMember('inventory.json', { app, versions, model, policy, flavour }),
    textMember('keys/log.vkey', `${facts.verifierKey}\n`),
    textMember('keys/allowed_signers', allowedSignersLine(publicKeyOf(facts.logSeed))),
    textMember('log/checkpoint', checkpoint),
  ];
}

function fullMembers(facts: BundleFacts, reader: LogReader, { told, continued }: Known): readonly Member[] {
  const earlier = reader.keptCheckpoints().filter((kept) => kept.size < facts.size);
  const changes = rotationsAmong(told);
  const standsOut = standingOut(told, continued, earlier.at(-1)?.size ?? 0);
  return [
    textMember(
      'README.txt',
      bundleReadme(readmeFacts(facts, changes, standsOut), continued.map(toldContinued)),
    ),
    jsonMember('manifest.json', fullManifest(facts, earlier.at(-1)?.note ?? null, standsOut)),
    ...recordMembers(facts, reader, told),
    ...reportMembers({ ...facts, solePractitioner: standsOut.solePractitioner }, reader, facts.size),
    ...continued.flatMap((part) => continuedMembers(part, facts.clinicalText)),
  ];
}

/** Texts that these entries commit to and that are no longer there. */
function textsLackingIn(reader: LogReader, entries: readonly number[]): number {
  return entries.reduce((lacking, entry) => {
    const leaf = parseLeaf(reader.leaf(entry) ?? Buffer.alloc(0));
    return lacking + Object.keys(leaf?.texts ?? {}).length - reader.payloadsOf(entry).length;
  }, 0);
}

function extractMembers(
  facts: BundleFacts,
  reader: LogReader,
  { checkpoint, told, continued }: Known,
  selection: Selection,
  entries: readonly number[],
): readonly Member[] {
  const chosen = new Set(entries);
  const { solePractitioner } = standingOut(told, continued, 0);
  const { emergencies } = whatStandsOut(
    told.filter(({ seq }) => chosen.has(seq)),
    0,
  );
  const changes = rotationsAmong(told);
  const records = entries.length;
  const deletedTexts = facts.clinicalText === 'included' ? textsLackingIn(reader, entries) : 0;
  const previous = reader.keptCheckpoints().findLast((kept) => kept.size < facts.size)?.note ?? null;
  const shown = extractReader(reader, entries);
  const proofs = { pieces: records, bytes: () => proofsOf(entries, facts.size, checkpoint, reader) };
  return [
    textMember(
      'README.txt',
      extractReadme({
        ...readmeFacts(facts, changes, { emergencies, solePractitioner, newFrom: 0 }),
        selection,
        records,
        earlierEntries: continued.reduce((sum, { record }) => sum + record.size, 0),
      }),
    ),
    jsonMember(
      'manifest.json',
      extractManifest(facts, { selection, records, previous, solePractitioner, deletedTexts }),
    ),
    ...(previous === null
      ? []
      : [textMember('consistency.txt', consistencyOf(previous, facts.size, reader))]),
    { name: 'proofs.txt', ...proofs },
    ...leafMembers(facts, shown, records),
    ...reportMembers({ ...facts, solePractitioner }, shown, records),
  ];
}

function toldContinued({ record }: ContinuedRecord) {
  const key = parseVerifierKey(record.verifierKey);
  if (key === null) throw new Error('an earlier record has no key');
  return { ...record, fingerprint: logKeyFingerprint(key.publicKey) };
}

function readmeFacts(facts: BundleFacts, changes: readonly PlacedRotation[], standsOut: StandsOut) {
  const publicKey = publicKeyOf(facts.logSeed);
  const earlierKeys = changes.map(({ entry, rotation }) => ({
    fingerprint: logKeyFingerprint(Buffer.from(rotation.oldKeyPublic, 'base64')),
    changedAt: entry,
  }));
  return { ...facts, ...standsOut, fingerprint: logKeyFingerprint(publicKey), earlierKeys };
}
