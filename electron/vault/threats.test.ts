import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contract, type RequestInput, type RequestName } from '../shared/contract.ts';
import { checkAnchors } from './anchors/check-anchors.ts';
import { openWritableDatabase } from './database/open-database.ts';
import { createBundleFixture, runVerifier, type BundleFixture } from './log/bundle-fixture.ts';
import { formatCheckpoint } from './log/checkpoint.ts';
import { nodeId, openLogReader } from './log/log-reader.ts';
import { hashLeaf, nodesAddedBy, rootOf } from './log/merkle.ts';
import { signNote, verifierKeyFor } from './log/signed-note.ts';
import { verifyLog, type LogCheck } from './log/verify-log.ts';
import { report } from './played-model-fixture.ts';
import { clinicianPassphrase, setUpFrom, signInFrom, startPlayedVault, valueFrom } from './vault-fixture.ts';

/**
 * Each row of the table in SECURITY.md, "What the record proves, and what it does not". Where the record alone notices
 * nothing, that is shown too, and then what is needed to notice it.
 */
const asked = {
  patientReference: 'SYN-1',
  taskId: 'soap-note',
  sourceText: 'A made-up visit with a cough.',
  question: '',
  regenerates: null,
} as const;

let fixture: BundleFixture;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-threats-'));
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.appendCopies(4);
});
afterEach(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true });
});

const rows = {
  clinician: 'a clinician, in the app',
  withoutKeys: 'somebody without the keys edits, cuts, reorders, swaps or truncates files or rows',
  databaseKey:
    'somebody with the database key but not the log key cuts the tail back to an older stored checkpoint',
  bothKeys: 'a local administrator with both keys rewrites everything and signs again',
  rollback: 'the whole machine is rolled back or cloned',
  disk: 'a stolen disk',
  swapped: 'a bundle swapped on its way',
} as const;

it('the table has these rows', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'SECURITY.md'), 'utf8');
  const table = /\| who does what.*\n\|[ -|]*\n((?:\|.*\n)+)/.exec(page)?.[1] ?? '';
  const firstColumn = table
    .trim()
    .split('\n')
    .map((line) => line.split('|')[1]?.trim());
  expect(firstColumn).toEqual(Object.values(rows));
});

const keyOf = (): string => verifierKeyFor(fixture.origin, fixture.logSeed);
const checkOf = (of: Pick<BundleFixture, 'reader' | 'origin'>): LogCheck =>
  verifyLog(of.reader, { origin: of.origin, verifierKey: keyOf() }, () => undefined);
/** As a folder of checkpoints, or an earlier bundle, has kept it. */
const checkpointNow = (): string => {
  const size = fixture.log.size();
  fixture.log.keepCheckpoint(size);
  return fixture.reader.checkpoint(size) ?? '';
};
const accusedBy = (note: string) => checkAnchors(fixture.reader, fixture.origin, keyOf(), [note]).problem;

/** What somebody with the database key can do: the triggers go first. */
function withoutTriggers(): BundleFixture['database']['raw'] {
  const { raw } = fixture.database;
  raw.pragma('foreign_keys=OFF');
  for (const { name } of raw
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    .all())
    raw.exec(`DROP TRIGGER ${name}`);
  return raw;
}

describe(rows.clinician, () => {
  it('has no request that changes, removes or leaves out an entry', async () => {
    const played = await startPlayedVault(folder, 'launch');
    await setUpFrom(played.page);
    await signInFrom(played.page, 'clinician');
    const filter = { before: null, limit: 200, userId: null, type: null, patientReference: null };
    const own = async () => {
      const { rows: found } = await valueFrom(played.page, 'log.list', filter);
      return Promise.all(
        found.map(async ({ entry }) => (await valueFrom(played.page, 'log.open', { entry })).leafJson),
      );
    };
    // Entries of each kind that a clinician makes, and what they are about: a page can name them.
    const { turnId } = await valueFrom(played.page, 'chat.sendPrompt', asked);
    played.model.say({ kind: 'delta', turnId, text: 'A made-up answer.' });
    played.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
    const { entry } = await valueFrom(played.page, 'clipboard.recordCopy', { turnId, text: 'answer' });
    const before = await own();
    expect(before.length).toBeGreaterThan(4);
    const ending: readonly RequestName[] = ['session.signOut', 'session.lock', 'session.cancelSignIn'];
    // Whatever the contract knows, with what a page under somebody's control could send.
    for (const name of Object.keys(contract) as RequestName[]) {
      if (ending.includes(name)) continue;
      for (const input of [{}, { entry }, { entry, leafJson: '{}' }, { turnId }])
        await played.page.ask(name, input as RequestInput<typeof name>);
    }
    // And what they take, about the same entries, again and with other words.
    const { patientReference, sourceText } = asked;
    const again: readonly (() => Promise<unknown>)[] = [
      () => played.page.ask('chat.stop', { turnId }),
      () => played.page.ask('note.accept', { turnId, finalText: 'Another answer.' }),
      () => played.page.ask('note.accept', { turnId, finalText: '' }),
      () => played.page.ask('record.correct', { entry, patientReference, correction: 'Not so.' }),
      () => played.page.ask('clipboard.recordCopy', { turnId, text: 'other' }),
      () => played.page.ask('chat.sendPrompt', { ...asked, regenerates: turnId }),
      () => played.page.ask('source.recordOpened', { patientReference, fileName: 'a.txt', text: sourceText }),
      () => played.page.ask('workspace.clearDraft', {}),
      () => played.page.ask('source.release', {}),
    ];
    for (const act of again) await act();
    // Nothing was taken out, changed or put between: what there was is still the beginning, entry for entry.
    expect((await own()).toReversed().slice(0, before.length)).toEqual(before.toReversed());
    expect((await valueFrom(played.page, 'log.verify', {})).consistent).toBe(true);
    played.vault.stop();
  });
});

describe(rows.withoutKeys, () => {
  it('is refused by the file itself: each page carries a MAC', () => {
    fixture.database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    const whole = readFileSync(fixture.path);
    const pages = whole.byteLength / 4096;
    const swapped = Buffer.from(whole);
    whole.copy(swapped, 4096 * 3, 4096 * 4, 4096 * 5);
    const damaged = [
      ...Array.from({ length: pages }, (_, page) => {
        const copy = Buffer.from(whole);
        copy.writeUInt8(copy.readUInt8(page * 4096 + 1000) ^ 1, page * 4096 + 1000);
        return copy;
      }),
      swapped,
      whole.subarray(0, whole.byteLength - 4096 * 2),
    ];
    const path = join(folder, 'changed.db');
    const looks = damaged.map((bytes) => {
      writeFileSync(path, bytes);
      try {
        const database = openWritableDatabase(path, fixture.dek, { mustExist: true });
        try {
          return String(database.raw.pragma('integrity_check', { simple: true }));
        } finally {
          database.close();
        }
      } catch {
        return 'refused';
      } finally {
        for (const name of readdirSync(folder).filter((entry) => entry.startsWith('changed.db')))
          rmSync(join(folder, name));
      }
    });
    expect(looks.filter((look) => look === 'ok')).toEqual([]);
  });

  it('is found where a page is one of its own earlier selves, whose MAC is right', () => {
    const whole = (): Buffer => {
      fixture.database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
      return readFileSync(fixture.path);
    };
    const [earlier, size] = [whole(), fixture.log.size()];
    fixture.appendCopies(12);
    const later = whole();
    const path = join(folder, 'older.db');
    const pageOf = (bytes: Buffer, page: number): Buffer => bytes.subarray(page * 4096, (page + 1) * 4096);
    const look = (bytes: Buffer): string => {
      writeFileSync(path, bytes);
      try {
        const database = openWritableDatabase(path, fixture.dek, { mustExist: true });
        try {
          if (database.raw.pragma('integrity_check', { simple: true }) !== 'ok') return 'refused';
          const reader = openLogReader(database);
          if (!checkOf({ reader, origin: fixture.origin }).consistent) return 'inconsistent';
          const all = [...reader.leaves(reader.size())].map(({ bytes: leaf }) => String(leaf));
          const texts = [...reader.payloads(reader.size())].map(({ index, text }) => [index, String(text)]);
          return JSON.stringify([all, texts]);
        } finally {
          database.close();
        }
      } catch {
        return 'refused';
      } finally {
        for (const name of readdirSync(folder).filter((entry) => entry.startsWith('older.db')))
          rmSync(join(folder, name));
      }
    };
    const untouched = look(later);
    expect(untouched).toContain('clipboard.copied');
    const pages = Array.from({ length: earlier.length / 4096 }, (_, page) => page);
    const changed = pages.filter((page) => !pageOf(earlier, page).equals(pageOf(later, page)));
    expect([size, changed.length > 5]).toEqual([7, true]);
    const looks = changed.map((page) => {
      const mixed = Buffer.from(later);
      pageOf(earlier, page).copy(mixed, page * 4096);
      return look(mixed);
    });
    // Found, or nothing of the record is another: the page belonged to the search index, say.
    expect(looks.filter((each) => !['refused', 'inconsistent', untouched].includes(each))).toEqual([]);
    expect(looks).toContain('refused');
  });
});

describe(rows.databaseKey, () => {
  it('is not noticed by the record alone, and is by a later checkpoint', () => {
    checkpointNow();
    const older = fixture.log.size();
    fixture.appendCopies(3);
    const later = checkpointNow();
    const raw = withoutTriggers();
    for (const table of ['leaves', 'payloads', 'leaf_index'])
      raw.prepare(`DELETE FROM ${table} WHERE seq >= ?`).run(older);
    raw.prepare('DELETE FROM checkpoints WHERE size > ?').run(older);
    const nodes = raw.prepare<[], { id: number }>('SELECT id FROM tree_nodes').all();
    const kept = new Set<number>();
    for (let level = 0; older >> level > 0; level += 1)
      for (let index = 0; index < older >> level; index += 1) kept.add(nodeId(level, index));
    for (const { id } of nodes) if (!kept.has(id)) raw.prepare('DELETE FROM tree_nodes WHERE id = ?').run(id);

    expect(checkOf(fixture)).toMatchObject({ consistent: true, treeSize: older });
    expect(accusedBy(later)).toEqual({ kind: 'rollback', anchorSize: older + 3 });
  });
});

describe(rows.bothKeys, () => {
  it('is not noticed by the record alone, and is by any earlier checkpoint', () => {
    const earlier = checkpointNow();
    fixture.appendCopies(1);
    const raw = withoutTriggers();
    const changed = String(fixture.reader.leaf(1)).replace('"seed":7', '"seed":8');
    raw.prepare('UPDATE leaves SET leaf = ? WHERE seq = 1').run(Buffer.from(changed));
    raw.exec('DELETE FROM tree_nodes; DELETE FROM checkpoints');
    const read = (level: number, index: number) => fixture.reader.readNode(level, index);
    const leaves = [...fixture.reader.leaves(fixture.reader.size())];
    for (const { index, bytes } of leaves)
      for (const node of nodesAddedBy(index, hashLeaf(bytes), read))
        raw
          .prepare('INSERT INTO tree_nodes (id, hash) VALUES (?, ?)')
          .run(nodeId(node.level, node.index), node.hash);
    const size = fixture.reader.size();
    const body = formatCheckpoint({ origin: fixture.origin, size, rootHash: rootOf(size, read) });
    raw
      .prepare('INSERT INTO checkpoints (size, note, kept) VALUES (?, ?, 1)')
      .run(size, signNote(body, fixture.origin, fixture.logSeed));

    expect(checkOf(fixture)).toMatchObject({ consistent: true, treeSize: size });
    expect(accusedBy(earlier)).toMatchObject({ kind: 'fork' });
  });
});

describe(rows.rollback, () => {
  it('is not noticed by the record alone, and is by a later checkpoint', () => {
    fixture.database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    const image = join(folder, 'image.db');
    copyFileSync(fixture.path, image);
    fixture.appendCopies(2);
    const later = checkpointNow();

    const database = openWritableDatabase(image, fixture.dek, { mustExist: true });
    const reader = openLogReader(database);
    expect(checkOf({ reader, origin: fixture.origin }).consistent).toBe(true);
    expect(checkAnchors(reader, fixture.origin, keyOf(), [later]).problem).toMatchObject({
      kind: 'rollback',
    });
    database.close();
  });
});

describe(rows.disk, () => {
  it('shows no text and no name but those of the accounts, and opens with no guess', async () => {
    const played = await startPlayedVault(folder, 'launch');
    await setUpFrom(played.page);
    await signInFrom(played.page, 'clinician');
    const sourceText = 'The made-up STOLENCANARY of a visit.';
    const patientReference = 'SYN-CANARY-7';
    await valueFrom(played.page, 'chat.sendPrompt', {
      patientReference,
      taskId: 'soap-note',
      sourceText,
      question: '',
      regenerates: null,
    });
    played.vault.stop();
    const data = join(folder, 'data');
    for (const name of readdirSync(data)) {
      const bytes = readFileSync(join(data, name));
      expect([name, bytes.includes('CANARY'), bytes.includes(clinicianPassphrase)]).toEqual([
        name,
        false,
        false,
      ]);
    }
    expect(() =>
      openWritableDatabase(join(data, 'cloister.db'), randomBytes(32), { mustExist: true }),
    ).toThrow('not a database');
  });
});

describe(rows.swapped, () => {
  it('is called not authenticated without the key, and refused with it', async () => {
    const stranger = createBundleFixture();
    try {
      const path = await stranger.write('swapped.zip');
      expect(runVerifier(path).out).toContain('NOT authenticated');
      const keyFile = join(folder, 'pinned.vkey');
      writeFileSync(keyFile, `${keyOf()}\n`);
      expect(runVerifier(path, '--key', keyFile).exitCode).toBe(1);
    } finally {
      stranger.dispose();
    }
  });
});
