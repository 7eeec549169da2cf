import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DownloadOrder } from '../links/egress-control.ts';
import type { DownloadProgress } from '../shared/download-contract.ts';
import { refusalOf } from './models/download-order.ts';
import { strictestSettings } from './policy/policy-settings.ts';
import {
  failureFrom,
  setUpFrom,
  signInFrom,
  startPlayedVault,
  valueFrom,
  writePolicyTo,
  type PlayedVault,
} from './vault-fixture.ts';

/** The whole vault with its worker; main and its egress process are played by messages and by files that appear. */

const root = mkdtempSync(join(tmpdir(), 'cloister-downloads-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const model = randomBytes(100_000);
const sha256 = createHash('sha256').update(model).digest('hex');
const revision = 'ab'.repeat(20);
const modelId = 'test-model';

/** An installation that went through the first run. */
const setUp = mkdtempSync(join(root, 'set-up-'));
beforeAll(async () => {
  const { page, vault } = await startPlayedVault(setUp, 'launch');
  await setUpFrom(page);
  vault.stop();
});

let folder: string;
let open: PlayedVault[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(root, 'home-'));
  cpSync(setUp, folder, { recursive: true });
  writeCatalogue();
});
afterEach(() => {
  for (const { vault } of open) vault.stop();
  open = [];
});

function writeCatalogue(changed: Record<string, unknown> = {}): void {
  const entry = {
    id: modelId,
    name: 'Test model',
    file: 'test.gguf',
    sizeBytes: model.length,
    sha256,
    contextTokens: 2048,
    licence: 'Apache-2.0',
    repository: 'Org/Test.Model-GGUF',
    revision,
    use: 'tests',
    ...changed,
  };
  const local = {
    ...entry,
    id: 'local',
    file: 'local.gguf',
    sha256: 'e'.repeat(64),
    revision: undefined,
  };
  writeFileSync(
    join(folder, 'catalogue.json'),
    JSON.stringify({ version: 1, default: modelId, models: [entry, local] }),
  );
}

async function signedIn(
  settings: Record<string, unknown> | null,
  role: 'it-admin' | 'clinician' = 'it-admin',
): Promise<PlayedVault> {
  if (settings !== null) writePolicyTo(folder, settings);
  const played = await startPlayedVault(folder, 'launch');
  open.push(played);
  await signInFrom(played.page, role);
  return played;
}

/** A worker thread takes its time where the processor is shared. */
const patience = { timeout: 20_000 };
const allowed = { modelDownload: 'allowed' };
const partPath = (): string => join(folder, 'test.gguf.part');
const orders = ({ posted }: PlayedVault): readonly DownloadOrder[] =>
  posted.flatMap((message) => (message.kind === 'download-model' ? [message.order] : []));
const stops = ({ posted }: PlayedVault): number =>
  posted.filter(({ kind }) => kind === 'stop-download').length;

async function progressOf({ page }: PlayedVault): Promise<DownloadProgress | undefined> {
  const { models } = await valueFrom(page, 'models.downloads', {});
  return models.find((listed) => listed.modelId === modelId)?.progress;
}

async function problemOf({ page }: PlayedVault): Promise<string | undefined> {
  return (await valueFrom(page, 'models.downloads', {})).models[0]?.problem?.code;
}

/** Oldest first. */
async function recorded({ page }: PlayedVault): Promise<readonly string[]> {
  const filter = { before: null, limit: 50, userId: null, type: null, patientReference: null } as const;
  const { rows } = await valueFrom(page, 'log.list', filter);
  return rows
    .filter(({ type }) => type === 'model.imported' || type === 'network.blocked')
    .map(({ type, outcome }) => `${type} ${outcome}`);
}

/** The egress process has brought these bytes, and main says so. */
function arrive(played: PlayedVault, bytes: Buffer): void {
  writeFileSync(partPath(), bytes);
  played.vault.downloadReport({ kind: 'download-progress', bytes: bytes.length });
  played.vault.downloadReport({ kind: 'download-ended', failure: null });
}

const start = (played: PlayedVault, id = modelId) =>
  failureFrom(played.page, 'models.download', { modelId: id });
const states = ({ page }: PlayedVault): readonly string[] =>
  page.events.flatMap((event) => (event.event === 'model.download' ? [event.download.progress.state] : []));

describe('where the policy does not allow it', () => {
  it.each<[string, Record<string, unknown> | null]>([
    ['without a policy', null],
    ['with a policy that says nothing of it', { idleLockMinutes: 5 }],
    ['with a policy that says never', { modelDownload: 'never' }],
    ['with a policy that names no host', { modelDownload: 'allowed', modelDownloadHosts: '' }],
  ])('%s nothing is downloaded, and the screen says why', async (_what, settings) => {
    const played = await signedIn(settings);
    expect(await start(played)).toBe('not-allowed');
    expect(orders(played)).toEqual([]);
    const { refusal } = await valueFrom(played.page, 'models.downloads', {});
    expect(refusal).toMatch(/^The policy of your organisation .+ No connection was made\. Import/);
  });

  it('with a policy that cannot be trusted nothing is', () => {
    expect(refusalOf(strictestSettings())?.code).toBe('not-allowed');
  });
});

it('a clinician cannot ask for it', async () => {
  const played = await signedIn(allowed, 'clinician');
  expect(await start(played)).toBe('not-allowed');
  expect(orders(played)).toEqual([]);
});

describe('a download', () => {
  it('is ordered from the pinned revision, with what the policy allows and nothing else', async () => {
    const played = await signedIn(allowed);
    expect(await start(played)).toBe('none');
    expect(orders(played)).toEqual([
      {
        url: `https://huggingface.co/Org/Test.Model-GGUF/resolve/${revision}/test.gguf`,
        hosts: ['huggingface.co', '*.hf.co'],
        authority: null,
        sizeBytes: model.length,
        sha256,
        partPath: partPath(),
      },
    ]);
  });

  it('comes from the mirror of the policy alone, if there is one', async () => {
    const certificate = readFileSync(
      join(import.meta.dirname, 'policy/golden/mirror-authority.txt'),
      'utf8',
    ).trim();
    const played = await signedIn({
      ...allowed,
      modelMirror: 'https://mirror.clinic.example:8443/models/',
      modelMirrorCertificate: certificate,
    });
    expect((await valueFrom(played.page, 'models.downloads', {})).source).toBe('mirror.clinic.example:8443');
    await start(played);
    expect(orders(played)).toEqual([
      expect.objectContaining({
        url: `https://mirror.clinic.example:8443/models/Org/Test.Model-GGUF/resolve/${revision}/test.gguf`,
        hosts: ['mirror.clinic.example:8443'],
        authority: certificate,
      }),
    ]);
  });

  it('is hashed here, recorded, and only then has its name', async () => {
    const played = await signedIn(allowed);
    await start(played);
    arrive(played, model);
    await expect.poll(() => progressOf(played), patience).toEqual({ state: 'installed' });
    expect(readFileSync(join(folder, 'test.gguf')).equals(model)).toBe(true);
    expect(existsSync(partPath())).toBe(false);
    expect(await recorded(played)).toEqual(['model.imported success']);
    expect([...new Set(states(played))]).toEqual(['downloading', 'checking', 'installed']);
    expect(await start(played)).toBe('invalid-input');
  });

  it('of the model that could not be loaded is tried at once', async () => {
    const played = await signedIn(allowed);
    const loads = (): number => played.model.heard.filter(({ kind }) => kind === 'load').length;
    const error = { code: 'model-missing', message: 'It is not there.' } as const;
    played.model.say({ kind: 'status', status: { state: 'failed', error } });
    await start(played);
    expect(loads()).toBe(1);
    arrive(played, model);
    await expect.poll(() => progressOf(played), patience).toEqual({ state: 'installed' });
    expect(loads()).toBe(2);
    expect((await valueFrom(played.page, 'app.getState', {})).model).toMatchObject({ state: 'loading' });
  });

  it('beside a model that works disturbs nothing', async () => {
    const played = await signedIn(allowed);
    await start(played);
    arrive(played, model);
    await expect.poll(() => progressOf(played), patience).toEqual({ state: 'installed' });
    expect(played.model.heard.filter(({ kind }) => kind === 'load')).toHaveLength(1);
  });

  it('of other bytes is deleted and recorded as refused, whatever the egress process says of it', async () => {
    const wrong = Buffer.from(model);
    wrong[5] = (wrong[5] ?? 0) ^ 1;
    const played = await signedIn(allowed);
    await start(played);
    arrive(played, wrong);
    await expect.poll(() => progressOf(played), patience).toEqual({ state: 'absent' });
    expect(await problemOf(played)).toBe('model-wrong-hash');
    expect([existsSync(partPath()), existsSync(join(folder, 'test.gguf'))]).toEqual([false, false]);
    expect(await recorded(played)).toEqual(['model.imported refused']);
  });

  it('that claims to be whole and left nothing is none', async () => {
    const played = await signedIn(allowed);
    await start(played);
    played.vault.downloadReport({ kind: 'download-ended', failure: null });
    await expect.poll(() => problemOf(played), patience).toBe('download-failed');
    expect(await recorded(played)).toEqual(['model.imported failed']);
  });

  it('that failed says so, keeps what has come, and can go on', async () => {
    const played = await signedIn(allowed);
    await start(played);
    writeFileSync(partPath(), model.subarray(0, 1000));
    played.vault.downloadReport({ kind: 'download-ended', failure: 'unreachable' });
    expect(await progressOf(played)).toEqual({ state: 'part', bytes: 1000 });
    expect(await problemOf(played)).toBe('download-failed');
    expect(await start(played)).toBe('none');
    expect(await problemOf(played)).toBe(undefined);
    expect(await progressOf(played)).toEqual({ state: 'downloading', bytes: 1000 });
    expect(orders(played)).toHaveLength(2);
  });

  it('that is whole already asks nobody', async () => {
    writeFileSync(partPath(), model);
    const played = await signedIn(allowed);
    await start(played);
    await expect.poll(() => progressOf(played), patience).toEqual({ state: 'installed' });
    expect(orders(played)).toEqual([]);
  });

  it('is stopped, which main is told; what has come can be deleted', async () => {
    const played = await signedIn(allowed);
    await start(played);
    writeFileSync(partPath(), model.subarray(0, 1000));
    expect(await failureFrom(played.page, 'models.discardDownload', { modelId })).toBe('invalid-input');
    await valueFrom(played.page, 'models.stopDownload', {});
    expect([stops(played), await problemOf(played)]).toEqual([1, 'cancelled']);
    expect(await progressOf(played)).toEqual({ state: 'part', bytes: 1000 });
    // What main said before it heard of the stop.
    played.vault.downloadReport({ kind: 'download-progress', bytes: 2000 });
    played.vault.downloadReport({ kind: 'download-ended', failure: null });
    expect(await progressOf(played)).toEqual({ state: 'part', bytes: 1000 });
    await valueFrom(played.page, 'models.discardDownload', { modelId });
    expect(await progressOf(played)).toEqual({ state: 'absent' });
    expect(await recorded(played)).toEqual(['model.imported stopped']);
  });

  it('ends with the session, and the record says so', async () => {
    const played = await signedIn(allowed);
    await start(played);
    await valueFrom(played.page, 'session.signOut', {});
    expect(stops(played)).toBe(1);
    const next = await signedIn(null);
    expect(await recorded(next)).toEqual(['model.imported stopped']);
  });

  it('is one at a time', async () => {
    const played = await signedIn(allowed);
    await start(played);
    expect(await start(played)).toBe('invalid-input');
    expect(orders(played)).toHaveLength(1);
  });

  it('of a model without a revision, or of none of the catalogue, is not begun', async () => {
    const played = await signedIn(allowed);
    expect([await start(played, 'local'), await start(played, '../../etc/passwd')]).toEqual([
      'model-missing',
      'model-missing',
    ]);
    const { models } = await valueFrom(played.page, 'models.downloads', {});
    expect(models.map((listed) => listed.modelId)).toEqual([modelId]);
    expect(orders(played)).toEqual([]);
  });

  it('that does not fit on the disk is not begun', async () => {
    writeCatalogue({ sizeBytes: 1e15 });
    const played = await signedIn(allowed);
    const result = await played.page.ask('models.download', { modelId });
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'disk-full', message: expect.stringMatching(/: \d+\.\d GB more are needed\./) },
    });
    expect(orders(played)).toEqual([]);
  });
});

it('a connection that the egress process was refused is recorded', async () => {
  const played = await signedIn(allowed);
  played.blocked.report('egress', 'net.Socket.connect');
  expect(await recorded(played)).toEqual(['network.blocked attention']);
});
