import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LogEventType } from '../shared/log-event-types.ts';
import {
  newestLeaf,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  writePolicyTo,
  type PlayedVault,
  type ReadLeaf,
} from './vault-fixture.ts';

let folder: string;
let share: string;
let played: PlayedVault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-anchoring-'));
  share = mkdtempSync(join(tmpdir(), 'cloister-share-'));
  played = await startPlayedVault(folder, 'launch');
  await setUpFrom(played.page);
  writePolicyTo(folder, { anchorFolder: share });
  await restart();
});
afterEach(() => {
  played.vault.stop();
  rmSync(folder, { recursive: true });
  rmSync(share, { recursive: true, force: true });
});

/** The answer of a background process, however busy the machine is. */
const soon = async (check: () => void | Promise<void>): Promise<void> => await vi.waitFor(check, 120_000);

async function restart(): Promise<void> {
  played.vault.stop();
  played = await startPlayedVault(folder, 'launch');
}

/** The newest of this type, seen by IT after a restart. */
async function leafAsIt(type: LogEventType): Promise<ReadLeaf> {
  await restart();
  await signInFrom(played.page, 'it-admin');
  return newestLeaf(played.page, type);
}

const prompt = {
  patientReference: 'SYN-1',
  taskId: 'soap-note',
  sourceText: 'A made-up visit.',
  question: '',
  regenerates: null,
} as const;

it('compares at each sign-in and leaves the newest checkpoint; work goes on', async () => {
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect(readdirSync(share)).toHaveLength(1);
  });
  await restart();
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect(readdirSync(share)).toHaveLength(2);
  });
  expect((await valueFrom(played.page, 'app.getState', {})).suspicion).toBeNull();
  expect((await played.page.ask('chat.sendPrompt', prompt)).ok).toBe(true);
  const { outcome, data } = await leafAsIt('log.anchored');
  const counts = { matching: expect.any(Number), foreign: 0, root: expect.stringMatching(/^[0-9a-f]{64}$/) };
  expect([outcome, data]).toMatchObject(['success', counts]);
  expect(data['matching']).toBeGreaterThan(0);
});

it('finds a record that was set back: says so, records it, and nothing new is asked', async () => {
  const yesterday = mkdtempSync(join(tmpdir(), 'cloister-yesterday-'));
  try {
    played.vault.stop();
    cpSync(join(folder, 'data'), yesterday, { recursive: true });
    played = await startPlayedVault(folder, 'launch');
    for (let day = 0; day < 3; day += 1) {
      await signInFrom(played.page, 'clinician');
      await soon(() => {
        expect(readdirSync(share)).toHaveLength(day + 1);
      });
      await restart();
    }
    played.vault.stop();
    rmSync(join(folder, 'data'), { recursive: true });
    cpSync(yesterday, join(folder, 'data'), { recursive: true });
    played = await startPlayedVault(folder, 'launch');
    await signInFrom(played.page, 'clinician');
    await soon(() => {
      expect(played.page.events).toContainEqual(
        expect.objectContaining({
          event: 'record.suspect',
          suspicion: expect.objectContaining({ kind: 'rollback' }),
        }),
      );
    });
    expect((await valueFrom(played.page, 'app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    expect(await played.page.ask('chat.sendPrompt', prompt)).toMatchObject({
      ok: false,
      error: { code: 'record-inconsistent' },
    });
    expect(readdirSync(share)).toHaveLength(3);

    // The share goes away: what was found stays found, from the first moment of the next session on.
    const away = `${share}-away`;
    renameSync(share, away);
    await restart();
    await signInFrom(played.page, 'clinician');
    expect((await valueFrom(played.page, 'app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    expect((await played.page.ask('chat.sendPrompt', prompt)).ok).toBe(false);
    await soon(() => {
      expect(JSON.stringify(played.page.events)).toContain('cannot be reached');
    });
    expect((await valueFrom(played.page, 'app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    renameSync(away, share);
    const { outcome, data } = await leafAsIt('log.anchor-mismatch');
    expect([outcome, data['kind']]).toEqual(['attention', 'rollback']);
    expect(data['anchorSize']).toBeGreaterThan(Number(data['treeSize']));
  } finally {
    rmSync(yesterday, { recursive: true });
  }
});

it('compares and writes every hour', async () => {
  await signInFrom(played.page, 'clinician');
  for (const files of [1, 2, 3])
    await soon(() => {
      if (files > 1) played.pass(3_600_000);
      expect(readdirSync(share)).toHaveLength(files);
    });
});

it('a computer and its clone, which leave checkpoints in one folder, are found out', async () => {
  played.vault.stop();
  const clone = mkdtempSync(join(tmpdir(), 'cloister-clone-'));
  cpSync(folder, clone, { recursive: true });
  played = await startPlayedVault(folder, 'launch');
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect(readdirSync(share)).toHaveLength(1);
  });
  const cloned = await startPlayedVault(clone, 'launch');
  try {
    await signInFrom(cloned.page, 'clinician');
    // As long as the first one's entries, or longer: one checkpoint, two contents.
    await soon(async () => {
      expect((await valueFrom(cloned.page, 'app.getState', {})).suspicion).toMatchObject({
        kind: expect.stringMatching(/^(?:fork|rollback)$/),
      });
    });
    expect((await cloned.page.ask('chat.sendPrompt', prompt)).ok).toBe(false);
  } finally {
    cloned.vault.stop();
    rmSync(clone, { recursive: true });
  }
});

it('says that the folder cannot be reached, or holds false files, and goes on', async () => {
  rmSync(share, { recursive: true });
  await signInFrom(played.page, 'clinician');
  const notices = () => played.page.events.filter((event) => event.event === 'notice');
  await soon(() => {
    expect(notices()).toHaveLength(1);
  });
  expect(JSON.stringify(notices())).toContain('cannot be reached');
  expect((await played.page.ask('chat.sendPrompt', prompt)).ok).toBe(true);
  expect(await leafAsIt('log.anchor-failed')).toMatchObject({ data: { reason: 'unreachable' } });

  cpSync(join(folder, 'policy'), share, { recursive: true });
  await restart();
  const { installationId } = await valueFrom(played.page, 'app.getState', {});
  writeFileSync(join(share, `cloister_${installationId}_0_000000000009.checkpoint`), 'false');
  await signInFrom(played.page, 'clinician');
  await soon(() => {
    expect(JSON.stringify(notices())).toContain('no key of it has signed');
  });
});
