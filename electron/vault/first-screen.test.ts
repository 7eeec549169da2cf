import { expect, it } from 'vitest';
import type { Port } from '../links/port.ts';
import type { AppState } from '../shared/contract.ts';
import { answerFirst } from './first-screen.ts';

function playPort() {
  const said: unknown[] = [];
  let toVault: (message: unknown) => void = () => undefined;
  const port: Port = {
    postMessage: (message) => said.push(message),
    onMessage: (listener) => {
      toVault = listener;
    },
    onClose: () => undefined,
    close: () => undefined,
  };
  return { port, said, say: (message: unknown) => toVault(message) };
}

const fakeState = { phase: 'signed-out' } as AppState;
const asked = (id: number) => ({ id, name: 'app.getState', input: {} });

it('says what the first screen is before there is a vault, and keeps everything else for it, in order', () => {
  const page = playPort();
  const calls: string[] = [];
  const held = answerFirst(page.port, {
    state: () => fakeState,
    onAnswered: () => calls.push('answered'),
    onOther: () => calls.push('other'),
  });
  const others = [
    { id: 2, name: 'session.signIn', input: { passphrase: 'x' } },
    { id: 3, name: 'app.getState', input: { more: true } },
    'no frame at all',
  ];
  for (const message of [asked(1), ...others]) page.say(message);
  expect(page.said).toEqual([{ id: 1, result: { ok: true, value: fakeState } }]);
  expect(calls).toEqual(['answered', 'other', 'other', 'other']);
  const heard: unknown[] = [];
  held.onMessage((message) => heard.push(message));
  page.say(asked(4));
  expect(heard).toEqual([...others, asked(4)]);
  expect(page.said).toHaveLength(1);
});
