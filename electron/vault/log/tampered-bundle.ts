import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createBundleFixture, publicKeyOfLog, runVerifier, type BundleFixture } from './bundle-fixture.ts';
import { canonicalBytes, type JsonValue } from './canonical-json.ts';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { publicKeyOf } from './ed25519.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from './leaf.ts';
import { logKeyFingerprint } from './log-key.ts';
import type { Selection } from './selection.ts';
import { openNote, signNote, verifierKeyFor } from './signed-note.ts';
import { allowedSignersLine } from './sshsig.ts';
import {
  forgeBundle,
  readUnpacked,
  recomputeSums,
  signSums,
  writeUnpacked,
  type UnpackedBundle,
} from './tampering.ts';

/** Where the verifier says that the fault is, or that there is none. */
export type Finding =
  | { readonly ok: true; readonly authenticated: boolean }
  | { readonly entry?: number; readonly range?: readonly number[]; readonly file?: string };

/**
 * A bundle in an attacker's hands, for tests. Leaves: 0 log.created, 1 prompt.submitted, 2 response.completed, 3 to 6
 * clipboard.copied; a checkpoint of 3 leaves left the machine before.
 */
export type TamperedBundle = {
  readonly fixture: BundleFixture;
  /** The bundle as it was written. */
  readonly zip: string;
  /** Its files, to be changed. */
  readonly members: UnpackedBundle;
  /** What the verifier says, with the log's fingerprint as the trusted key unless told otherwise. */
  check(path: string, options?: { readonly trust?: boolean }): Finding;
  checkMembers(options?: { readonly trust?: boolean }): Finding;
  /** Lines of a member without their newlines. */
  lines(name: string): Buffer[];
  setLines(name: string, lines: readonly Uint8Array[]): void;
  /** Hashes and their signature made to fit: only whoever has the log key can. */
  signMembers(): void;
  /** Everything signed again by another key, over the same tree. */
  signByForeignKey(): void;
  events(): LeafEnvelope[];
  /** A whole bundle by the log key around other leaves. @returns the verifier's finding */
  checkForged(leaves: readonly (JsonValue | Buffer)[]): Promise<Finding>;
};

const verdictSchema = z.object({
  ok: z.boolean(),
  entry: z.int().optional(),
  range: z.array(z.int()).optional(),
  file: z.string().optional(),
  authenticated: z.boolean().optional(),
});

/** @param selection of an extract; all of it unless told otherwise */
export async function createTamperedBundle(selection: Selection | null = null): Promise<TamperedBundle> {
  const fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.log.keepCheckpoint(3);
  fixture.appendCopies(4);
  const zip = await fixture.write('bundle.zip', { selection });
  const original = join(fixture.folder, 'original');
  mkdirSync(original);
  spawnSync('unzip', ['-q', zip, '-d', original]);
  const members = readUnpacked(original);
  const trusted = join(fixture.folder, 'trusted');
  writeFileSync(trusted, `${logKeyFingerprint(publicKeyOfLog(fixture))}\n`);

  function check(path: string, { trust = true }: { readonly trust?: boolean } = {}): Finding {
    const run = runVerifier(path, '--json', ...(trust ? ['--key', trusted] : []));
    const { ok, entry, range, file, authenticated } = verdictSchema.parse(JSON.parse(run.out));
    if (run.problems !== '' || run.exitCode !== (ok ? 0 : 1))
      throw new Error(`the verifier ended with ${run.exitCode} and said ${run.problems}`);
    if (ok) return { ok, authenticated: authenticated === true };
    return {
      ...(entry === undefined ? {} : { entry }),
      ...(range === undefined ? {} : { range }),
      ...(file === undefined ? {} : { file }),
    };
  }
  function lines(name: string): Buffer[] {
    const all = String(members.get(name)).split('\n').slice(0, -1);
    return all.map((line) => Buffer.from(line));
  }
  return {
    fixture,
    zip,
    members,
    check,
    checkMembers(options) {
      const folder = join(fixture.folder, randomUUID());
      writeUnpacked(members, folder);
      return check(folder, options);
    },
    lines,
    setLines(name, content) {
      members.set(name, Buffer.concat(content.flatMap((line) => [line, Buffer.from('\n')])));
    },
    signMembers() {
      recomputeSums(members);
      signSums(members, fixture.logSeed);
    },
    signByForeignKey() {
      signWith(randomBytes(32), fixture, members);
    },
    events: () => lines('events.jsonl').map((line) => leafEnvelopeSchema.parse(JSON.parse(String(line)))),
    async checkForged(leaves) {
      const path = join(fixture.folder, `${randomUUID()}.zip`);
      await forgeBundle(
        fixture.facts({ clinicalText: 'withheld' }),
        { leaves: leaves.map(leafBytes), payloads: [], earlier: [] },
        path,
      );
      return check(path);
    },
  };
}

function leafBytes(leaf: JsonValue | Buffer): Buffer {
  return Buffer.isBuffer(leaf) ? leaf : Buffer.from(canonicalBytes(leaf));
}

function signWith(seed: Uint8Array, fixture: BundleFixture, members: UnpackedBundle): void {
  const again = (text: string): string => {
    const note = text.slice(text.indexOf(`${fixture.origin}\n`));
    const opened = openNote(note, fixture.facts().verifierKey);
    const body = parseCheckpoint(opened.ok ? opened.value : '');
    if (!body.ok) return text;
    return text.replace(note, () => signNote(formatCheckpoint(body.value), fixture.origin, seed));
  };
  members.set('log/checkpoint', Buffer.from(again(String(members.get('log/checkpoint')))));
  for (const [name, bytes] of members) {
    // Notes with a line of dashes behind each; in an extract, behind the proof that each of them ends.
    if (name !== 'checkpoints.txt' && name !== 'proofs.txt') continue;
    const notes = String(bytes).split('----\n').slice(0, -1);
    members.set(name, Buffer.from(notes.map((note) => `${again(note)}----\n`).join('')));
  }
  members.set('keys/log.vkey', Buffer.from(`${verifierKeyFor(fixture.origin, seed)}\n`));
  members.set('keys/allowed_signers', Buffer.from(allowedSignersLine(publicKeyOf(seed))));
  recomputeSums(members);
  signSums(members, seed);
}
