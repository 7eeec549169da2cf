import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import type { LogEventType } from '../shared/log-event-types.ts';
import { signInFrom, startPlayedVault, valueFrom, writePolicyTo, type ReadLeaf } from './vault-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
let share: string;

beforeEach(async () => {
  share = join(home.folder, 'share');
  mkdirSync(share);
  await home.setUp();
  writePolicyTo(home.folder, { anchorFolder: share });
  await home.restart();
});

/** The answer of a background process, however busy the machine is. */
const soon = async (check: () => void | Promise<void>): Promise<void> => await vi.waitFor(check, 120_000);

/** The newest of this type, seen by IT after a restart. */
async function leafAsIt(type: LogEventType): Promise<ReadLeaf> {
  await home.restart();
  await home.signIn('it-admin');
  return home.leafOf(type);
}

const prompt = {
  patientReference: 'SYN-1',
  taskId: 'soap-note',
  sourceText: 'A made-up visit.',
  question: '',
  regenerates: null,
} as const;

it('compares at each sign-in and leaves the newest checkpoint; work goes on', async () => {
  await home.signIn('clinician');
  await soon(() => {
    expect(readdirSync(share)).toHaveLength(1);
  });
  await home.restart();
  await home.signIn('clinician');
  await soon(() => {
    expect(readdirSync(share)).toHaveLength(2);
  });
  expect((await home.value('app.getState', {})).suspicion).toBeNull();
  expect((await home.page.ask('chat.sendPrompt', prompt)).ok).toBe(true);
  const { outcome, data } = await leafAsIt('log.anchored');
  const counts = { matching: expect.any(Number), foreign: 0, root: expect.stringMatching(/^[0-9a-f]{64}$/) };
  expect([outcome, data]).toMatchObject(['success', counts]);
  expect(data['matching']).toBeGreaterThan(0);
});

it('finds a record that was set back: says so, records it, and nothing new is asked', async () => {
  const yesterday = mkdtempSync(join(tmpdir(), 'cloister-yesterday-'));
  try {
    home.vault.stop();
    cpSync(join(home.folder, 'data'), yesterday, { recursive: true });
    await home.startAnother('launch');
    for (let day = 0; day < 3; day += 1) {
      await home.signIn('clinician');
      await soon(() => {
        expect(readdirSync(share)).toHaveLength(day + 1);
      });
      await home.restart();
    }
    home.vault.stop();
    rmSync(join(home.folder, 'data'), { recursive: true });
    cpSync(yesterday, join(home.folder, 'data'), { recursive: true });
    await home.startAnother('launch');
    await home.signIn('clinician');
    await soon(() => {
      expect(home.page.events).toContainEqual(
        expect.objectContaining({
          event: 'record.suspect',
          suspicion: expect.objectContaining({ kind: 'rollback' }),
        }),
      );
    });
    expect((await home.value('app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    expect(await home.page.ask('chat.sendPrompt', prompt)).toMatchObject({
      ok: false,
      error: { code: 'record-inconsistent' },
    });
    expect(readdirSync(share)).toHaveLength(3);

    // The share goes away: what was found stays found, from the first moment of the next session on.
    const away = `${share}-away`;
    renameSync(share, away);
    await home.restart();
    await home.signIn('clinician');
    expect((await home.value('app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    expect((await home.page.ask('chat.sendPrompt', prompt)).ok).toBe(false);
    await soon(() => {
      expect(JSON.stringify(home.page.events)).toContain('cannot be reached');
    });
    expect((await home.value('app.getState', {})).suspicion).toMatchObject({ kind: 'rollback' });
    renameSync(away, share);
    const { outcome, data } = await leafAsIt('log.anchor-mismatch');
    expect([outcome, data['kind']]).toEqual(['attention', 'rollback']);
    expect(data['anchorSize']).toBeGreaterThan(Number(data['treeSize']));
  } finally {
    rmSync(yesterday, { recursive: true });
  }
});

it('compares and writes every hour', async () => {
  await home.signIn('clinician');
  for (const files of [1, 2, 3])
    await soon(() => {
      if (files > 1) home.pass(3_600_000);
      expect(readdirSync(share)).toHaveLength(files);
    });
});

it('a computer and its clone, which leave checkpoints in one folder, are found out', async () => {
  home.vault.stop();
  const clone = mkdtempSync(join(tmpdir(), 'cloister-clone-'));
  cpSync(home.folder, clone, { recursive: true });
  await home.startAnother('launch');
  await home.signIn('clinician');
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
  await home.signIn('clinician');
  const notices = () => home.page.events.filter((event) => event.event === 'notice');
  await soon(() => {
    expect(notices()).toHaveLength(1);
  });
  expect(JSON.stringify(notices())).toContain('cannot be reached');
  expect((await home.page.ask('chat.sendPrompt', prompt)).ok).toBe(true);
  expect(await leafAsIt('log.anchor-failed')).toMatchObject({ data: { reason: 'unreachable' } });

  cpSync(join(home.folder, 'policy'), share, { recursive: true });
  await home.restart();
  const { installationId } = await home.value('app.getState', {});
  writeFileSync(join(share, `cloister_${installationId}_0_000000000009.checkpoint`), 'false');
  await home.signIn('clinician');
  await soon(() => {
    expect(JSON.stringify(notices())).toContain('no key of it has signed');
  });
});
