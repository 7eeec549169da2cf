import { describe, expect, it } from 'vitest';
import type { PagePort } from './text-port.ts';
import { connectVault } from './vault-client.ts';

/** The vault's end of a port, played: frames that the page sent, and a way to answer or to close. */
function playPort() {
  const sent: { id: number; name: string; input: unknown }[] = [];
  let say: (message: unknown) => void = () => undefined;
  let close: () => void = () => undefined;
  const port: PagePort = {
    postMessage: (message) => sent.push(structuredClone(message) as (typeof sent)[number]),
    onMessage: (listener) => {
      say = listener;
    },
    onClose: (listener) => {
      close = listener;
    },
  };
  return { port, sent, say: (message: unknown) => say(message), close: () => close() };
}

function connect() {
  let give: (port: PagePort) => void = () => undefined;
  let asked = 0;
  const client = connectVault({
    listen: (onPort) => {
      give = onPort;
    },
    requestPort: () => {
      asked += 1;
    },
  });
  return { client, give: (port: PagePort) => give(port), asked: () => asked };
}

const entry = (n: number) => ({ ok: true, value: { entry: n } });
const copy = { turnId: null, text: 'made up' } as const;

describe('the page’s end of the text port', () => {
  it('asks for a port at once and refuses requests until there is one', async () => {
    const { client, asked } = connect();
    expect(asked()).toBe(1);
    expect(await client.request('clipboard.recordCopy', copy)).toMatchObject({
      error: { code: 'vault-stopped' },
    });
  });

  it('pairs answers with their requests, in whatever order they come', async () => {
    const { client, give } = connect();
    const vault = playPort();
    give(vault.port);
    const answers = Promise.all([
      client.request('clipboard.recordCopy', copy),
      client.request('clipboard.recordCopy', copy),
    ]);
    const [first, second] = vault.sent;
    vault.say({ id: second?.id, result: entry(2) });
    vault.say({ id: 999, result: entry(3) });
    vault.say({ id: first?.id, result: entry(1) });
    expect(await answers).toEqual([entry(1), entry(2)]);
  });

  it('passes a failure on in the vault’s own words', async () => {
    const { client, give } = connect();
    const vault = playPort();
    give(vault.port);
    const answer = client.request('clipboard.recordCopy', copy);
    const failure = { ok: false, error: { code: 'disk-full', message: 'The disk is full.' } };
    vault.say({ id: vault.sent[0]?.id, result: failure });
    expect(await answer).toEqual(failure);
  });

  it('ends every waiting request when the vault is gone, says so, and goes on with the next port', async () => {
    const { client, give } = connect();
    const states: string[] = [];
    client.onConnection((state) => states.push(state));
    const before = playPort();
    give(before.port);
    const answer = client.request('clipboard.recordCopy', copy);
    before.close();
    expect(await answer).toMatchObject({ ok: false, error: { code: 'vault-stopped' } });
    const after = playPort();
    give(after.port);
    before.close();
    const again = client.request('clipboard.recordCopy', copy);
    after.say({ id: after.sent[0]?.id, result: entry(4) });
    expect(await again).toEqual(entry(4));
    expect(states).toEqual(['connected', 'lost', 'connected']);
  });

  it('hands events on, and nothing from a port that was replaced', () => {
    const { client, give } = connect();
    const sizes: number[] = [];
    client.onEvent((event) => {
      if (event.event === 'log.grew') sizes.push(event.logSize);
    });
    const before = playPort();
    give(before.port);
    before.say({ event: 'log.grew', logSize: 5 });
    const after = playPort();
    give(after.port);
    before.say({ event: 'log.grew', logSize: 6 });
    after.say({ event: 'log.grew', logSize: 7 });
    after.say({ event: 'made up' });
    expect(sizes).toEqual([5, 7]);
  });
});
