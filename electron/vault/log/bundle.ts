import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { bundleReadme } from './bundle-readme.ts';
import { canonicalText, type JsonValue } from './canonical-json.ts';
import { publicKeyOf } from './ed25519.ts';
import { keyRotations, type PlacedRotation } from './key-rotation.ts';
import { logKeyFingerprint } from './log-key.ts';
import type { LogReader } from './log-reader.ts';
import { formatVerifierKey, openNote, verifierKeyFor } from './signed-note.ts';
import { allowedSignersLine, sshSignature } from './sshsig.ts';
import { entryBundlesOf, entryBytes, tileBytes, tilePath, tilesOf, tileWidth, type Tile } from './tiles.ts';

/** What a bundle is made of beside the log itself. */
export type BundleFacts = {
  readonly origin: string;
  readonly verifierKey: string;
  readonly logSeed: Uint8Array;
  /** Leaves in the bundle; a checkpoint of exactly this size is stored, and signed by this key. */
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly appVersion: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly model: { readonly id: string; readonly sha256: string } | null;
  readonly flavour: 'release' | 'development';
};

/** A member is made twice from the same stored bytes, once for its hash and once for the file: memory stays constant. */
type Member = { readonly name: string; readonly bytes: () => Iterable<Uint8Array> };

/**
 * The same log at the same size gives the same bytes: members sorted, one time for all, one mode. Members are stored and
 * not packed: a flipped bit on a worn medium stays one bit, so that the verifier can name the entry that it hit.
 */
const memberTime = new Date(Date.UTC(1980, 0, 1, 12));

/** Format of FORMAT.md, "Bundle". @throws what the file system throws, for the caller to put in words */
export async function writeBundle(
  facts: BundleFacts,
  reader: LogReader,
  path: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const members = [...contentMembers(facts, reader)].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const sums = members
    .map((member, index) => {
      onProgress((0.5 * index) / members.length);
      return `${hashOf(member)}  ${member.name}\n`;
    })
    .join('');
  const all = [
    ...members,
    textMember('SHA256SUMS', sums),
    textMember('SHA256SUMS.sshsig', sshSignature(Buffer.from(sums), facts.logSeed)),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  await writeZip(all, path, (fraction) => {
    onProgress(0.5 + fraction / 2);
  });
  onProgress(1);
}

async function writeZip(
  members: readonly Member[],
  path: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const zip = new ZipFile();
  // yazl listens to no source's errors: without this, a failing read would end the thread and not this promise.
  const failure = new AbortController();
  const reading = new Set<Readable>();
  for (const [index, member] of members.entries()) {
    zip.addReadStreamLazy(
      member.name,
      { mtime: memberTime, mode: 0o100644, compress: false, forceDosTimestamp: true },
      (give) => {
        onProgress(index / members.length);
        const source = Readable.from(member.bytes(), { objectMode: false });
        reading.add(source);
        source.once('error', (cause) => {
          failure.abort(cause);
        });
        source.once('close', () => reading.delete(source));
        give(null, source);
      },
    );
  }
  zip.end();
  try {
    await pipeline(zip.outputStream, createWriteStream(path, { flags: 'wx', mode: 0o600 }), {
      signal: failure.signal,
    });
  } catch (cause) {
    // A statement that is still being stepped through keeps its database from closing.
    for (const source of reading) await destroyed(source);
    throw failure.signal.aborted ? failure.signal.reason : cause;
  }
}

async function destroyed(source: Readable): Promise<void> {
  source.destroy();
  if (!source.closed) await once(source, 'close');
}

function* contentMembers(facts: BundleFacts, reader: LogReader): Iterable<Member> {
  const { origin, size } = facts;
  // What separates the notes of checkpoints.txt relies on it.
  if (!origin.startsWith('cloister.')) throw new Error('not an origin of ours');
  const checkpoint = reader.checkpoint(size);
  if (checkpoint === null) throw new Error('there is no checkpoint of that size');
  if (
    verifierKeyFor(origin, facts.logSeed) !== facts.verifierKey ||
    !openNote(checkpoint, facts.verifierKey).ok
  )
    throw new Error('another key signed the record of that size');
  const earlier = reader.keptCheckpoints().filter((kept) => kept.size < size);
  const publicKey = publicKeyOf(facts.logSeed);

  const changes = keyRotations(reader, size);

  yield textMember('README.txt', bundleReadme(readmeFacts(facts, publicKey, changes)));
  yield jsonMember('manifest.json', manifestOf(facts, earlier.at(-1)?.note ?? null));
  yield jsonMember('inventory.json', {
    app: facts.appVersion,
    versions: facts.versions,
    model: facts.model,
    flavour: facts.flavour,
  });
  yield textMember('keys/log.vkey', `${facts.verifierKey}\n`);
  yield textMember('keys/allowed_signers', allowedSignersLine(publicKey));
  if (changes.length > 0) yield textMember('keys/earlier.vkeys', earlierKeys(origin, changes));
  yield textMember('log/checkpoint', checkpoint);
  // A signed note ends with a newline and holds an empty line; a line of dashes can stand in none of ours.
  yield textMember('checkpoints.txt', earlier.map(({ note }) => `${note}----\n`).join(''));
  for (const { level, index, width } of tilesOf(size)) {
    if (level === 'entries') continue;
    const read = (nodeLevel: number, position: number): Uint8Array | null =>
      reader.readNode(nodeLevel, position);
    yield {
      name: `log/${tilePath({ level, index, width })}`,
      bytes: () => [tileBytes({ level, index, width }, read)],
    };
  }
  for (const tile of entryBundlesOf(size))
    yield { name: `log/${tilePath(tile)}`, bytes: () => entriesOf(tile, reader) };
  yield { name: 'events.jsonl', bytes: () => lines(reader.leaves(size), ({ bytes }) => bytes) };
  if (facts.clinicalText === 'included') {
    yield {
      name: 'payloads.jsonl',
      bytes: () =>
        lines(reader.payloads(size), ({ index, field, salt, text }) =>
          Buffer.from(canonicalText({ index, field, salt: Buffer.from(salt).toString('base64'), text })),
        ),
    };
  }
}

function readmeFacts(facts: BundleFacts, publicKey: Uint8Array, changes: readonly PlacedRotation[]) {
  const earlierKeys = changes.map(({ entry, rotation }) => ({
    fingerprint: logKeyFingerprint(Buffer.from(rotation.oldKeyPublic, 'base64')),
    changedAt: entry,
  }));
  return { ...facts, fingerprint: logKeyFingerprint(publicKey), earlierKeys };
}

function earlierKeys(origin: string, changes: readonly PlacedRotation[]): string {
  return changes
    .map(({ rotation }) => `${formatVerifierKey(origin, Buffer.from(rotation.oldKeyPublic, 'base64'))}\n`)
    .join('');
}

function manifestOf(facts: BundleFacts, previous: string | null): JsonValue {
  return {
    format: 'cloister-audit-bundle/1',
    origin: facts.origin,
    treeSize: facts.size,
    range: { from: 0, to: facts.size - 1 },
    clinicalText: facts.clinicalText,
    flavour: facts.flavour,
    app: facts.appVersion,
    previousCheckpoint: previous,
  };
}

function* entriesOf(tile: Tile, reader: LogReader): Iterable<Uint8Array> {
  const from = tile.index * tileWidth;
  for (let index = from; index < from + tile.width; index += 1) {
    const leaf = reader.leaf(index);
    if (leaf === null) throw new Error('a leaf is missing');
    yield entryBytes(leaf);
  }
}

function* lines<T>(items: Iterable<T>, toBytes: (item: T) => Uint8Array): Iterable<Uint8Array> {
  for (const item of items) yield Buffer.concat([toBytes(item), Buffer.from('\n')]);
}

function textMember(name: string, text: string): Member {
  return { name, bytes: () => [Buffer.from(text, 'utf8')] };
}

function jsonMember(name: string, value: JsonValue): Member {
  return textMember(name, `${canonicalText(value)}\n`);
}

function hashOf(member: Member): string {
  const hash = createHash('sha256');
  for (const bytes of member.bytes()) hash.update(bytes);
  return hash.digest('hex');
}
