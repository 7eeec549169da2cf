import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { writeBundle, type BundleFacts } from './bundle.ts';
import { formatCheckpoint } from './checkpoint.ts';
import type { LogReader, Payload } from './log-reader.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './merkle.ts';
import { signNote } from './signed-note.ts';
import { sshSignature } from './sshsig.ts';

/** What an attacker does to an unpacked bundle, for tests. Names with forward slashes, in the order of their bytes. */
export type UnpackedBundle = Map<string, Buffer>;

export function readUnpacked(folder: string): UnpackedBundle {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return new Map(
    names
      .toSorted()
      .map((name) => [
        relative(folder, join(folder, name)).split(sep).join('/'),
        readFileSync(join(folder, name)),
      ]),
  );
}

export function writeUnpacked(members: UnpackedBundle, folder: string): void {
  for (const [name, bytes] of members) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

/** Flips the lowest bit of the byte in the middle. @returns where that byte is */
export function flipBit(members: UnpackedBundle, name: string): number {
  const bytes = Buffer.from(members.get(name) ?? '');
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  members.set(name, bytes);
  return at;
}

/** Makes the list of hashes fit, as whoever can write files can. */
export function recomputeSums(members: UnpackedBundle): void {
  const listed = [...members.keys()].filter((name) => !name.startsWith('SHA256SUMS')).toSorted();
  const sum = (name: string): string =>
    createHash('sha256')
      .update(members.get(name) ?? '')
      .digest('hex');
  members.set('SHA256SUMS', Buffer.from(listed.map((name) => `${sum(name)}  ${name}\n`).join('')));
}

export function signSums(members: UnpackedBundle, seed: Uint8Array): void {
  members.set(
    'SHA256SUMS.sshsig',
    Buffer.from(sshSignature(members.get('SHA256SUMS') ?? Buffer.alloc(0), seed)),
  );
}

/** A whole bundle around any leaves, with a tree and checkpoints made for them: what whoever holds the log key can do. */
export function forgeBundle(
  facts: BundleFacts,
  contents: {
    readonly leaves: readonly Buffer[];
    readonly payloads: readonly Payload[];
    readonly earlier: readonly { readonly size: number; readonly note: string }[];
  },
  path: string,
): Promise<number> {
  const nodes = new Map<string, Buffer>();
  const readNode = (level: number, position: number): Buffer | null =>
    nodes.get(`${level}/${position}`) ?? null;
  for (const [index, leaf] of contents.leaves.entries()) {
    for (const node of nodesAddedBy(index, hashLeaf(leaf), readNode))
      nodes.set(`${node.level}/${node.index}`, Buffer.from(node.hash));
  }
  const size = contents.leaves.length;
  const checkpoint = signNote(
    formatCheckpoint({ origin: facts.origin, size, rootHash: rootOf(size, readNode) }),
    facts.origin,
    facts.logSeed,
  );
  const placed = contents.leaves.map((bytes, index) => ({ index, bytes }));
  const reader: LogReader = {
    size: () => size,
    leaf: (seq) => contents.leaves[seq] ?? null,
    leaves: (size, from = 0) => placed.slice(from, size),
    readNode,
    nodeLines: () => [],
    payloadsOf: (seq) => contents.payloads.filter(({ index }) => index === seq),
    payloads: () => contents.payloads,
    checkpoint: () => checkpoint,
    signedSize: () => size,
    keptCheckpoints: () => contents.earlier,
    counterpart: () => null,
  };
  return writeBundle({ ...facts, size }, reader, path, () => undefined);
}
