import { randomUUID } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HashedFile } from '../links/hashed-file.ts';
import { fromInferenceSchema, type FromInference } from '../links/model-port.ts';
import type { Port } from '../links/port.ts';
import type { Engine } from './engine.ts';
import { createTestEngine, request } from './engine-fixture.ts';
import { exitCodes } from '../links/inference-exits.ts';
import { runInference } from './run-inference.ts';
import { makeTinyModel, type TinyModel } from './tiny-model-fixture.ts';

let model: TinyModel;
beforeAll(() => {
  model = makeTinyModel();
});
afterAll(() => model.remove());

function wrap(port: MessagePort): Port {
  return {
    postMessage: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

/** The vault's end of the port, and the code with which the process would have ended. */
function start(engine: Engine = createTestEngine()) {
  const { port1, port2 } = new MessageChannel();
  const exited = new Promise<number>((resolve) => runInference({ port: wrap(port1), engine, exit: resolve }));
  const heard: FromInference[] = [];
  port2.on('message', (data) => heard.push(fromInferenceSchema.parse(data)));
  const until = async (wanted: (message: FromInference) => boolean): Promise<FromInference> => {
    for (;;) {
      const found = heard.find(wanted);
      if (found !== undefined) return found;
      await once(port2, 'message');
    }
  };
  const load = (sha256 = model.specification.sha256, hashed: HashedFile | null = null): void =>
    port2.postMessage({
      kind: 'load',
      model: { ...model.specification, sha256 },
      knownThreads: null,
      hashed,
      graphics: { wish: 'off', trial: null },
    });
  return { port: port2, exited, heard, until, load };
}

const isReady = (message: FromInference): boolean =>
  message.kind === 'status' && message.status.state === 'ready';

test('a turn goes over the port: loaded, ready, deltas, ended; a second turn meanwhile is turned away; closing ends the process', async () => {
  const { port, exited, heard, until, load } = start();
  load();
  await until(isReady);
  const first = request({ maxAnswerTokens: 30 });
  const second = request();
  port.postMessage(first);
  port.postMessage(second);
  const ended = await until((message) => message.kind === 'ended');
  const text = heard
    .flatMap((message) => (message.kind === 'delta' && message.turnId === first.turnId ? [message.text] : []))
    .join('');
  port.close();
  expect({
    loadedBeforeReady: heard.findIndex(({ kind }) => kind === 'loaded') + 1 === heard.findIndex(isReady),
    ended,
    words: /^[a-z ,.]+$/.test(text),
    second: heard.find((message) => message.kind === 'failed'),
    exit: await exited,
  }).toMatchObject({
    loadedBeforeReady: true,
    ended: { turnId: first.turnId, reason: 'answer-limit' },
    words: true,
    second: { turnId: second.turnId, error: { code: 'turn-in-progress' } },
    exit: exitCodes.portClosed,
  });
});

test('stop ends the named turn and no other', async () => {
  const { port, exited, heard, until, load } = start();
  load();
  await until(isReady);
  const asked = request({ maxAnswerTokens: 1500 });
  port.postMessage(asked);
  await until((message) => message.kind === 'delta');
  port.postMessage({ kind: 'stop', turnId: randomUUID() });
  const deltas = heard.filter(({ kind }) => kind === 'delta').length;
  await until(() => heard.filter(({ kind }) => kind === 'delta').length > deltas + 5);
  port.postMessage({ kind: 'stop', turnId: asked.turnId });
  const ended = await until((message) => message.kind === 'ended');
  port.close();
  expect({ ended, exit: await exited }).toMatchObject({
    ended: { turnId: asked.turnId, reason: 'stopped' },
    exit: exitCodes.portClosed,
  });
});

test('reading ahead makes way for a request at once, and ends as released when the source goes', async () => {
  const { port, exited, until, load } = start();
  load();
  await until(isReady);
  const ahead = (evaluationId: string) => ({
    kind: 'evaluate',
    evaluationId,
    system: 'You write short notes.',
    user: 'The patient came to the clinic with a cough and fever. '.repeat(30),
    reservedAnswerTokens: 64,
  });
  const [first, second] = [randomUUID(), randomUUID()];
  port.postMessage(ahead(first));
  port.postMessage(request({ maxAnswerTokens: 5 }));
  await until((message) => message.kind === 'ended');
  port.postMessage(ahead(second));
  port.postMessage({ kind: 'release' });
  const endOf = (id: string) =>
    until((message) => message.kind === 'evaluated' && message.evaluationId === id);
  const ends = [await endOf(first), await endOf(second)];
  port.close();
  expect([...ends, await exited]).toMatchObject([
    { reason: 'interrupted' },
    { reason: 'released' },
    exitCodes.portClosed,
  ]);
});

test('a port that closes in the middle of an answer ends the process within the time that disposing may take', async () => {
  const { port, exited, until, load } = start();
  load();
  await until(isReady);
  port.postMessage(request({ maxAnswerTokens: 1500 }));
  await until((message) => message.kind === 'delta');
  const closedAt = performance.now();
  port.close();
  expect(await exited).toBe(exitCodes.portClosed);
  expect(performance.now() - closedAt).toBeLessThan(2500);
});

test('a turn before a model is ready fails and says so; a model that is not approved says so', async () => {
  const { port, until, load } = start();
  port.postMessage(request());
  const failed = await until((message) => message.kind === 'failed');
  load('0'.repeat(64));
  const status = await until((message) => message.kind === 'status' && message.status.state === 'failed');
  port.close();
  expect([failed, status]).toMatchObject([
    { error: { code: 'model-not-ready' } },
    {
      status: {
        error: { code: 'model-wrong-hash', message: expect.stringContaining('not the approved one') },
      },
    },
  ]);
});

test.each([
  ['text', 'generate'],
  ['an unknown kind', { kind: 'shell' }],
  ['a field too many', { kind: 'stop', turnId: randomUUID(), path: '/' }],
  ['a field too few', { kind: 'generate', turnId: randomUUID() }],
])(
  'a malformed message (%s) ends the process with a code of its own and without an answer',
  async (_, message) => {
    const { port, exited, heard } = start();
    port.postMessage(message);
    expect({ exit: await exited, heard }).toEqual({ exit: exitCodes.malformedMessage, heard: [] });
    port.close();
  },
);

test('a file that was hashed before is loaded without being read through, unless it is said to be another', async () => {
  const first = start();
  first.load();
  const loaded = await first.until((message) => message.kind === 'loaded');
  first.port.close();
  await first.exited;
  const identity = loaded.kind === 'loaded' ? loaded.identity : '';
  const checkingSteps = async (hashed: HashedFile): Promise<number> => {
    const { port, exited, heard, until, load } = start();
    load(undefined, hashed);
    await until(isReady);
    port.close();
    await exited;
    return heard.filter(
      (message) =>
        message.kind === 'status' && message.status.state === 'loading' && message.status.step === 'checking',
    ).length;
  };
  const { sha256 } = model.specification;
  expect(await checkingSteps({ sha256, identity })).toBe(0);
  expect(await checkingSteps({ sha256, identity: identity.replace(/\d$/, '') })).toBeGreaterThan(0);
  expect(await checkingSteps({ sha256: '0'.repeat(64), identity })).toBeGreaterThan(0);
});

test.each([
  ['on a graphics card ends the process, which is remembered', true, exitCodes.graphicsFailed],
  ['on the main processor does not', false, exitCodes.portClosed],
])('an answer that fails %s', async (_what, isOnCard, code) => {
  const fakeEngine: Engine = {
    ...createTestEngine(),
    isOnCard: () => isOnCard,
    generate: () =>
      Promise.resolve({ kind: 'failed', error: { code: 'model-stopped', message: 'Made up.' } }),
    load: () =>
      Promise.resolve({
        ok: true,
        value: {
          loadMs: 1,
          verifyMs: 1,
          engineVersion: '1',
          llamaCppRelease: 'b1',
          backend: 'cpu',
          threads: { key: 'k', threads: 1, tokensPerSecond: 1, candidates: [] },
          contextTokens: 512,
          identity: '1:2:3:4:5',
          graphics: null,
        },
      }),
  };
  const { port, exited, until, load } = start(fakeEngine);
  load();
  await until(isReady);
  port.postMessage(request());
  await until((message) => message.kind === 'failed');
  if (!isOnCard) port.close();
  expect(await exited).toBe(code);
});
