import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBundle, type BundleFacts } from './bundle.ts';
import { canonicalBytes, type JsonValue } from './canonical-json.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { publicKeyOf } from './ed25519.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { createLogFixture, type LogFixture } from './log-fixture.ts';
import { nodeId } from './log-reader.ts';
import { logKeyFingerprint, logKeyHash } from './log-key.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './merkle.ts';
import { signNote, verifierKeyFor } from './signed-note.ts';
import { verifyLog, type LogCheck } from './verify-log.ts';

/**
 * A real log whose key was changed twice, for tests. Leaves: 0 log.created, 1 and 2 log.viewed, 3 log.key-rotated, 4 and 5
 * log.viewed, 6 log.key-rotated, 7 log.viewed. Checkpoints of 3 (the last by the first key), 4 (the first by the second
 * key) and 6 leaves left the machine.
 */
export type RotatedLog = LogFixture & {
  readonly seeds: { readonly first: Uint8Array; readonly second: Uint8Array; readonly third: Uint8Array };
  leaves(): LeafEnvelope[];
  /**
   * Puts other leaves, a tree that fits them and a newest checkpoint into the database, and forgets what left the machine:
   * what whoever holds the database key and this seed can do.
   */
  forge(leaves: readonly JsonValue[], seed?: Uint8Array): void;
  /** What the app finds. @param seed of the key that is held; of the newest one unless told otherwise */
  check(seed?: Uint8Array): LogCheck;
  facts(seed?: Uint8Array): BundleFacts;
  /** @returns the path of a bundle, by the newest key unless told otherwise */
  write(name: string, seed?: Uint8Array): Promise<string>;
  /** @returns the path of a file with the fingerprint, as an auditor would write it down */
  fingerprintFile(seed: Uint8Array): string;
};

export function createRotatedLog(): RotatedLog {
  const fixture = createLogFixture();
  const { log, origin, actor, session } = fixture;
  const seeds = { first: fixture.logSeed, second: randomBytes(32), third: randomBytes(32) };
  const from = { actor, session, patient: null, outcome: 'success' } as const;
  const view = (): void => {
    log.append({ ...from, type: 'log.viewed', data: { entry: null }, texts: {} });
  };
  log.append({
    ...from,
    type: 'log.created',
    data: { origin, logKey: logKeyHash(seeds.first), epoch: 0 },
    texts: { organisationName: 'Made-up Clinic' },
  });
  view();
  view();
  log.keepCheckpoint(3);
  log.rotateKey(seeds.second, { actor, session });
  log.keepCheckpoint(4);
  view();
  view();
  log.keepCheckpoint(6);
  log.rotateKey(seeds.third, { actor, session });
  view();

  const facts = (seed: Uint8Array = seeds.third): BundleFacts => ({
    origin,
    verifierKey: verifierKeyFor(origin, seed),
    logSeed: seed,
    size: fixture.reader.size(),
    clinicalText: 'withheld',
    selection: null,
    recipients: [],
    appVersion: '0.1.0',
    versions: { electron: '42.0.0' },
    model: null,
    policy: null,
    flavour: 'release',
  });
  return {
    ...fixture,
    seeds,
    leaves: () =>
      [...fixture.reader.leaves(fixture.reader.size())].map(({ bytes }) =>
        leafEnvelopeSchema.parse(JSON.parse(String(bytes))),
      ),
    forge: (leaves, seed = seeds.third) => {
      storeForged(fixture, leaves, seed);
    },
    check: (seed = seeds.third) =>
      verifyLog(fixture.reader, { origin, verifierKey: verifierKeyFor(origin, seed) }, () => undefined),
    facts,
    async write(name, seed) {
      const path = join(fixture.folder, name);
      await writeBundle(facts(seed), fixture.reader, path, () => undefined);
      return path;
    },
    fingerprintFile(seed) {
      const path = join(fixture.folder, `fingerprint-${logKeyHash(seed).slice(0, 8)}`);
      writeFileSync(path, `${logKeyFingerprint(publicKeyOf(seed))}\n`);
      return path;
    },
  };
}

function storeForged(fixture: LogFixture, leaves: readonly JsonValue[], seed: Uint8Array): void {
  const { raw } = fixture.database;
  const triggers = raw
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    .all();
  raw.pragma('foreign_keys=OFF');
  for (const { name } of triggers) raw.exec(`DROP TRIGGER ${name}`);
  raw.exec('DELETE FROM tree_nodes; DELETE FROM leaves; DELETE FROM checkpoints');
  const read = (level: number, index: number): Buffer | null => fixture.reader.readNode(level, index);
  const insertLeaf = raw.prepare('INSERT INTO leaves (seq, leaf) VALUES (?, ?)');
  const insertNode = raw.prepare('INSERT INTO tree_nodes (id, hash) VALUES (?, ?)');
  for (const [seq, leaf] of leaves.entries()) {
    const bytes = canonicalBytes(leaf);
    insertLeaf.run(seq, bytes);
    for (const node of nodesAddedBy(seq, hashLeaf(bytes), read))
      insertNode.run(nodeId(node.level, node.index), node.hash);
  }
  const size = leaves.length;
  const body = formatCheckpoint({ origin: fixture.origin, size, rootHash: rootOf(size, read) });
  raw
    .prepare('INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 0)')
    .run(size, signNote(body, fixture.origin, seed));
}
