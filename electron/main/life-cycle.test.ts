import type { MessagePortMain } from 'electron';
import { describe, expect, it } from 'vitest';
import type { Child } from './child-process.ts';
import { createLifeCycle, lockWaitMs, stopWaitMs, type LifeCycle, type StartFacts } from './life-cycle.ts';
import { createBlockedConnections, type BlockedConnections } from './blocked-connections.ts';
import type { DownloadReport } from './model-download.ts';
import { createRestartBudget } from './restart-budget.ts';
import { stoppedMessages } from './stopped-page.ts';

const facts: StartFacts = {
  dataFolder: '/data',
  modelsFolder: '/models',
  cataloguePath: '/models/catalogue.json',
  policyFolder: null,
  flavour: 'development',
  version: '0.1.0',
  appSha256: null,
  keychain: { available: false, backend: 'basic_text' },
  testHooksFile: null,
};
const order = {
  url: 'https://huggingface.co/a/b/resolve/c/d.gguf',
  hosts: ['huggingface.co'],
  authority: null,
  sizeBytes: 10,
  sha256: '0'.repeat(64),
  partPath: '/models/d.gguf.part',
};
const userId = '6b1f7f3e-93a8-4b5e-8b3a-0d9c4ed00a11';

/** The ports of these tests are their names. */
const nameOf = (port: MessagePortMain): string => port as unknown as string;

/** Why the screen was locked, in the order to start. */
function lockedBecause(start: object): string {
  const locked = 'locked' in start ? (start.locked as { reason: string } | null) : null;
  return locked?.reason ?? '';
}

/** Stands for a process: the life cycle sees of one only what `Child` has. */
class RecordedChild implements Child {
  readonly posted: string[] = [];
  /** What each `start` said of it. */
  readonly hashedModels: unknown[] = [];
  killed = false;
  readonly #messages: ((message: unknown) => void)[] = [];
  readonly #ends: ((exitCode: number) => void)[] = [];
  readonly #onPost: (line: string) => void;

  constructor(onPost: (line: string) => void) {
    this.#onPost = onPost;
  }

  post(message: unknown, port?: MessagePortMain): void {
    const { kind, ...rest } = message as { kind: string };
    if ('hashedModel' in rest) this.hashedModels.push(rest.hashedModel);
    const detail =
      'startedBecause' in rest
        ? ` ${[rest.startedBecause, lockedBecause(rest)].join(' ').trim()}`
        : 'replaced' in rest && !rest.replaced
          ? ' for good'
          : 'reason' in rest
            ? ` ${String(rest.reason)}`
            : '';
    const line = kind + detail;
    this.posted.push(line);
    this.#onPost(port === undefined ? line : `${line} ${nameOf(port)}`);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#messages.push(listener);
  }
  onEnded(listener: (exitCode: number) => void): void {
    this.#ends.push(listener);
  }
  kill(): void {
    this.killed = true;
  }
  says(message: unknown): void {
    for (const listener of this.#messages) listener(message);
  }
  ends(exitCode: number): void {
    for (const listener of this.#ends) listener(exitCode);
  }
}

type World = {
  readonly lifeCycle: LifeCycle;
  readonly vaults: RecordedChild[];
  readonly inferences: RecordedChild[];
  /** Everything that went to a child or to the page, in order. */
  readonly story: string[];
  readonly blocked: BlockedConnections;
  /** Whenever the egress process was ended, or would have been: how long the story was then. */
  readonly downloadStops: readonly number[];
  readonly reportDownload: (report: DownloadReport) => void;
  /** Lets what is pending happen. */
  settle(): Promise<void>;
  /** Lets the timers run out that are no longer than this. */
  later(ms?: number): void;
};

function createWorld(start: Promise<StartFacts> = Promise.resolve(facts)): World {
  const story: string[] = [];
  const vaults: RecordedChild[] = [];
  const inferences: RecordedChild[] = [];
  const timers = new Set<{ readonly delayMs: number; readonly act: () => void }>();
  let channels = 0;
  const child = (list: RecordedChild[], name: string) => (): Child => {
    const made = new RecordedChild((line) => story.push(`${name} ${String(list.indexOf(made))} < ${line}`));
    list.push(made);
    return made;
  };
  const downloadStops: number[] = [];
  let report: World['reportDownload'] = () => undefined;
  const budget = () => createRestartBudget({ allowed: 5, windowMs: 120_000, now: () => 0 });
  const blocked = createBlockedConnections();
  const lifeCycle = createLifeCycle({
    startVault: child(vaults, 'vault'),
    startInference: child(inferences, 'inference'),
    makeChannel: () => {
      const name = String(channels);
      channels += 1;
      return {
        port1: `${name}a` as unknown as MessagePortMain,
        port2: `${name}b` as unknown as MessagePortMain,
      };
    },
    facts: start,
    keychain: {
      facts: () => Promise.resolve(facts.keychain),
      wrap: (plain) => Promise.resolve(`wrapped ${plain}`),
      unwrap: () => Promise.resolve(null),
    },
    page: {
      giveTextPort: (port) => story.push(`page < text-port ${nameOf(port)}`),
      blank: () => story.push('page is blank'),
      load: () => story.push('page loads'),
      showStopped: (message) => story.push(`page stopped: ${message}`),
    },
    download: {
      start: (order, tell) => {
        story.push(`download ${order.url}`);
        report = tell;
      },
      stop: () => downloadStops.push(story.length),
    },
    allowScreenCapture: (allowed) => story.push(`capture ${String(allowed)}`),
    blocked,
    budgets: { vault: budget(), inference: budget(), page: budget() },
    after: (delayMs, act) => {
      const timer = { delayMs, act };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  return {
    lifeCycle,
    vaults,
    inferences,
    story,
    blocked,
    downloadStops,
    reportDownload: (message) => {
      report(message);
    },
    settle: () => new Promise((resolve) => void setImmediate(resolve)),
    later: (ms = stopWaitMs) => timers.forEach(({ delayMs, act }) => delayMs <= ms && act()),
  };
}

async function runningWorld(): Promise<World> {
  const world = createWorld();
  world.lifeCycle.begin();
  world.lifeCycle.requestTextPort();
  await world.settle();
  world.vaults[0]?.says({ kind: 'model-wanted' });
  world.story.length = 0;
  return world;
}

describe('the life cycle', () => {
  it('gives the vault its start before any port, starts the model when it is wanted, once, and both ends of each channel away', async () => {
    const world = createWorld();
    world.lifeCycle.begin();
    world.lifeCycle.requestTextPort();
    await world.settle();
    const first = ['vault 0 < start launch', 'vault 0 < text-port 0a', 'page < text-port 0b'];
    expect([world.inferences.length, world.story]).toEqual([0, first]);
    for (let time = 0; time < 2; time += 1) world.vaults[0]?.says({ kind: 'model-wanted' });
    expect(world.story.slice(3)).toEqual(['vault 0 < model-port 1a', 'inference 0 < model-port 1b']);
  });

  it('starts no model for a vault whose session is over, nor for one that is gone', async () => {
    const world = await runningWorld();
    const [before] = world.vaults;
    before?.says({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null });
    before?.says({ kind: 'model-wanted' });
    before?.ends(0);
    await world.settle();
    before?.says({ kind: 'model-wanted' });
    expect(world.inferences).toHaveLength(1);
  });

  it('starts the vault while the key store is still being asked, and sends nothing before the answer', async () => {
    let answer = (_facts: StartFacts): void => undefined;
    const world = createWorld(new Promise((resolve) => (answer = resolve)));
    world.lifeCycle.begin();
    world.lifeCycle.requestTextPort();
    await world.settle();
    expect([world.vaults.length, world.story]).toEqual([1, []]);
    answer(facts);
    await world.settle();
    expect(world.story[0]).toBe('vault 0 < start launch');
  });

  it('after a lock blanks the window, ends inference, and starts all three again for the same user; the new page asks for its own port', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-ended', because: 'locked', userId, lockReason: 'by-hand' });
    expect(world.inferences[0]?.killed).toBe(true);
    expect([world.vaults.length, world.story]).toEqual([1, ['page is blank']]);
    world.vaults[0]?.ends(0);
    await world.settle();
    expect(world.story).toEqual(['page is blank', 'page loads', 'vault 1 < start locked by-hand']);
    world.lifeCycle.requestTextPort();
    expect(world.story.slice(3)).toEqual(['vault 1 < text-port 2a', 'page < text-port 2b']);
  });

  it('takes the end of a vault whose sign-in was met by a lock for no crash', async () => {
    const world = await runningWorld();
    world.lifeCycle.lock('suspend');
    world.vaults[0]?.says({ kind: 'session-ended', because: 'signed-out', userId: null, lockReason: null });
    world.vaults[0]?.ends(0);
    await world.settle();
    expect(world.story).toEqual([
      'vault 0 < lock suspend',
      'page is blank',
      'page loads',
      'vault 1 < start signed-out',
    ]);
  });

  it('kills a vault that said its session ended and does not exit', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null });
    expect(world.vaults[0]?.killed).toBe(false);
    world.later();
    expect(world.vaults[0]?.killed).toBe(true);
  });

  it('after a crash of the vault ends inference and hands a new port to the same page', async () => {
    const world = await runningWorld();
    world.vaults[0]?.ends(11);
    expect(world.inferences[0]?.killed).toBe(true);
    await world.settle();
    expect(world.story).toEqual([
      'vault 1 < start vault-crashed',
      'vault 1 < text-port 2a',
      'page < text-port 2b',
    ]);
  });

  it('after a crash of the vault while somebody is signed in gives the next person another page', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.vaults[0]?.ends(11);
    await world.settle();
    expect(world.story).toEqual(['page is blank', 'page loads', 'vault 1 < start vault-crashed']);
  });

  it('after a crash of inference tells the vault and gives it a new model port; the vault and the page stay', async () => {
    const world = await runningWorld();
    world.inferences[0]?.ends(9);
    expect(world.story).toEqual([
      'vault 0 < inference-ended',
      'vault 0 < model-port 2a',
      'inference 1 < model-port 2b',
    ]);
  });

  it('does not start a replacement for an inference process that it ended itself', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null });
    world.inferences[0]?.ends(15);
    expect([world.inferences.length, world.story]).toEqual([1, ['page is blank']]);
  });

  it('restarts the vault five times in two minutes and then says that it stops', async () => {
    const world = await runningWorld();
    for (let time = 0; time < 6; time += 1) {
      world.vaults.at(-1)?.ends(1);
      await world.settle();
    }
    expect([world.vaults.length, world.story.at(-1)]).toEqual([6, `page stopped: ${stoppedMessages.vault}`]);
  });

  it('restarts inference five times in two minutes; the sixth end is told and nothing is started', async () => {
    const world = await runningWorld();
    for (let time = 0; time < 6; time += 1) world.inferences.at(-1)?.ends(1);
    expect([world.inferences.length, world.story.at(-1)]).toEqual([6, 'vault 0 < inference-ended for good']);
  });

  it('reloads a page that crashed, and after five shows its own', async () => {
    const world = await runningWorld();
    for (let time = 0; time < 7; time += 1) world.lifeCycle.pageCrashed();
    expect(world.story).toEqual([
      ...Array<string>(5).fill('page loads'),
      `page stopped: ${stoppedMessages.page}`,
    ]);
  });

  it('on a lock blanks the window before the vault has answered, and starts all three again once it did', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.lifeCycle.lock('suspend');
    expect(world.story).toEqual(['vault 0 < lock suspend', 'page is blank']);
    world.vaults[0]?.says({ kind: 'session-ended', because: 'locked', userId, lockReason: 'by-hand' });
    world.vaults[0]?.ends(0);
    await world.settle();
    expect(world.story.slice(2)).toEqual(['page loads', 'vault 1 < start locked suspend']);
    expect(world.vaults[0]?.killed).toBe(false);
  });

  it('kills vault and inference 400 ms after a lock that the vault did not answer, and calls that a lock, not a crash', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.lifeCycle.lock('screen-locked');
    world.later(lockWaitMs - 1);
    expect([world.vaults[0]?.killed, world.inferences[0]?.killed]).toEqual([false, false]);
    world.later(lockWaitMs);
    expect([world.vaults[0]?.killed, world.inferences[0]?.killed]).toEqual([true, true]);
    world.vaults[0]?.ends(9);
    await world.settle();
    expect(world.story.slice(0, 4)).toEqual([
      'vault 0 < lock screen-locked',
      'page is blank',
      'page loads',
      'vault 1 < start locked screen-locked',
    ]);
  });

  it('kills a vault that said its session ended by a lock and does not exit, without waiting longer', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.lifeCycle.lock('suspend');
    world.vaults[0]?.says({ kind: 'session-ended', because: 'locked', userId, lockReason: 'by-hand' });
    world.later(lockWaitMs);
    expect(world.vaults[0]?.killed).toBe(true);
  });

  it('locks once for two events, and never counts a lock against the restarts', async () => {
    const world = await runningWorld();
    for (let time = 0; time < 8; time += 1) {
      world.vaults.at(-1)?.says({ kind: 'session-began', userId });
      world.lifeCycle.lock('screen-locked');
      world.lifeCycle.lock('suspend');
      world.later(lockWaitMs);
      world.vaults.at(-1)?.ends(9);
      await world.settle();
    }
    expect(world.story.filter((line) => line === 'page is blank')).toHaveLength(8);
    expect([world.vaults.length, world.story.filter((line) => line.startsWith('page stopped'))]).toEqual([
      9,
      [],
    ]);
  });

  it('without a session tells the vault of a lock, which may be working out a sign-in, and leaves all as it is', async () => {
    const world = await runningWorld();
    world.lifeCycle.lock('suspend');
    world.later();
    expect([world.story, world.vaults[0]?.killed]).toEqual([['vault 0 < lock suspend'], false]);
  });

  it('does not take the killing of one vault for its successor', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.lifeCycle.lock('suspend');
    world.vaults[0]?.ends(0);
    await world.settle();
    world.vaults[1]?.says({ kind: 'model-wanted' });
    world.later();
    expect([world.vaults[1]?.killed, world.inferences[1]?.killed]).toEqual([false, false]);
  });

  it('passes on whether the policy allows pictures of the window', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'screen-capture', allowed: true });
    expect(world.story).toEqual(['capture true']);
  });

  it('starts a download for a vault whose record somebody has opened, and tells that vault of it', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'download-model', order });
    expect(world.story).toEqual([]);
    world.vaults[0]?.says({ kind: 'session-began', userId });
    world.vaults[0]?.says({ kind: 'download-model', order });
    world.reportDownload({ kind: 'download-progress', bytes: 5 });
    world.reportDownload({ kind: 'network-blocked', process: 'egress', api: 'net.Socket.connect' });
    world.reportDownload({ kind: 'download-ended', failure: null });
    expect(world.story).toEqual([
      `download ${order.url}`,
      'vault 0 < download-progress',
      'vault 0 < network-blocked',
      'vault 0 < download-ended',
    ]);
    expect(world.downloadStops).toEqual([]);
    world.vaults[0]?.says({ kind: 'stop-download' });
    expect(world.downloadStops).toEqual([4]);
  });

  it.each<[string, (world: World) => void]>([
    ['a lock', (world) => world.lifeCycle.lock('suspend')],
    [
      'a sign-out',
      (world) =>
        world.vaults[0]?.says({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null }),
    ],
    ['a crash of the vault', (world) => world.vaults[0]?.ends(11)],
    ['quitting', (world) => void world.lifeCycle.stop()],
  ])('ends a download at once with %s, and starts none after it', async (_what, end) => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'session-began', userId });
    end(world);
    expect(world.downloadStops).toHaveLength(1);
    world.vaults[0]?.says({ kind: 'download-model', order });
    expect(world.story.filter((line) => line.startsWith('download'))).toEqual([]);
  });

  it('kills a vault that speaks another language', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({
      kind: 'session-ended',
      because: 'locked',
      userId,
      lockReason: 'by-hand',
      extra: true,
    });
    expect(world.vaults[0]?.killed).toBe(true);
  });

  it('answers the key store requests of the vault, and not those of a vault that is gone', async () => {
    const world = await runningWorld();
    world.vaults[0]?.says({ kind: 'keychain-request', id: 1, operation: 'wrap', value: 'c2VjcmV0' });
    await world.settle();
    expect(world.story).toEqual(['vault 0 < keychain-answer']);
    world.vaults[0]?.says({ kind: 'keychain-request', id: 2, operation: 'unwrap', value: 'c2VjcmV0' });
    world.vaults[0]?.ends(1);
    await world.settle();
    expect(world.vaults[0]?.posted.filter((line) => line === 'keychain-answer')).toHaveLength(1);
  });

  it('tells the vault of refused connections, those before its start too', async () => {
    const world = createWorld();
    world.blocked.report('net.connect');
    world.lifeCycle.begin();
    await world.settle();
    world.blocked.report('fetch');
    expect(world.vaults[0]?.posted).toEqual(['start launch', 'network-blocked', 'network-blocked']);
    world.vaults[0]?.ends(1);
    world.blocked.report('http.get');
    await world.settle();
    expect(world.vaults[1]?.posted).toEqual(['start vault-crashed', 'network-blocked']);
  });

  it('on quit asks the vault to end in good order and starts nothing again', async () => {
    const world = await runningWorld();
    const stopped = world.lifeCycle.stop();
    expect(world.story).toEqual(['vault 0 < stop']);
    world.inferences[0]?.ends(0);
    world.vaults[0]?.ends(0);
    await stopped;
    expect([world.vaults.length, world.inferences.length, world.vaults[0]?.killed]).toEqual([1, 1, false]);
  });

  it('on quit kills what does not end by itself', async () => {
    const world = await runningWorld();
    void world.lifeCycle.stop();
    world.later();
    expect([world.vaults[0]?.killed, world.inferences[0]?.killed]).toEqual([true, true]);
  });
});

it('remembers the model file that was hashed for the vaults to come, and takes nothing else for one', async () => {
  const world = createWorld();
  const hashed = { sha256: 'ab'.repeat(32), identity: '1:2:3:4:5' };
  world.lifeCycle.begin();
  await world.settle();
  world.vaults[0]?.says({ kind: 'session-began', userId });
  world.vaults[0]?.says({ kind: 'model-hashed', hashed });
  world.vaults[0]?.says({ kind: 'session-ended', because: 'signed-out', userId, lockReason: null });
  world.vaults[0]?.ends(0);
  await world.settle();
  expect(world.vaults.map(({ hashedModels }) => hashedModels)).toEqual([[null], [hashed]]);
  world.vaults[1]?.says({ kind: 'model-hashed', hashed: { ...hashed, identity: '/etc/passwd' } });
  expect(world.vaults[1]?.killed).toBe(true);
});
