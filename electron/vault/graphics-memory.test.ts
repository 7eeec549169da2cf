import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GraphicsTrial } from '../shared/graphics.ts';
import { openGraphicsMemory } from './graphics-memory.ts';
import { setUpFrom, signInFrom, startPlayedVault, valueFrom, writePolicyTo } from './vault-fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-graphics-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const model = 'ab'.repeat(32);
const good: GraphicsTrial = {
  result: 'used',
  backend: 'vulkan',
  device: 'A card',
  tokensPerSecond: 80,
  proposalCost: null,
};
const start = (version = '0.1.0', isAllowed = true, dataFolder = folder) =>
  openGraphicsMemory({ dataFolder, version, isAllowed: () => isAllowed });
const wishes = (times: number): string[] => Array.from({ length: times }, () => start().wishFor(model).wish);

it('tries once, and takes or leaves the graphics by what came of it', () => {
  const first = start();
  expect([first.stateOf(model), first.wishFor(model)]).toEqual([null, { wish: 'try', trial: null }]);
  first.told(model, good);
  expect([start().stateOf(model), start().wishFor(model)]).toEqual([
    { kind: 'tried', trial: good },
    { wish: 'use', trial: good },
  ]);
  const slower = { ...good, result: 'slower' } as const;
  const second = start();
  second.wishFor(model);
  second.told(model, slower);
  expect(start().wishFor(model)).toEqual({ wish: 'off', trial: slower });
  // Another model may fit where this one did not.
  expect(start().wishFor('cd'.repeat(32)).wish).toBe('try');
});

it.each(['while it is tried', 'while it computes'])(
  'a driver that goes down %s is left alone, until the next version',
  (when) => {
    const first = start();
    first.wishFor(model);
    if (when === 'while it computes') first.told(model, good);
    first.ended();
    expect([start().stateOf(model), ...wishes(2)]).toEqual([{ kind: 'crashed' }, 'off', 'off']);
    expect(start('0.2.0').wishFor(model).wish).toBe('try');
  },
);

it('the end of a process that does not compute on the graphics says nothing about them', () => {
  const first = start();
  first.wishFor(model);
  first.told(model, { ...good, result: 'none', backend: null, device: null });
  first.ended();
  expect(start().stateOf(model)).toMatchObject({ kind: 'tried', trial: { result: 'none' } });
});

it('trials of whose end nobody told count as a computer that went down, from the third on', () => {
  expect(wishes(4)).toEqual(['try', 'try', 'off', 'off']);
  expect(start().stateOf(model)).toEqual({ kind: 'crashed' });
});

it('a trial that the lock of the screen ended is none', () => {
  for (let time = 0; time < 5; time += 1) {
    const each = start();
    expect(each.wishFor(model).wish).toBe('try');
    each.left();
    each.ended();
  }
});

it('tries nothing that the policy leaves out, or that could not be remembered', () => {
  expect([start('0.1.0', false).wishFor(model).wish, start('0.1.0', false).stateOf(model)]).toEqual([
    'off',
    { kind: 'off' },
  ]);
  writeFileSync(join(folder, 'a-file'), '');
  expect(start('0.1.0', true, join(folder, 'a-file')).wishFor(model).wish).toBe('off');
  writeFileSync(join(folder, 'engine-graphics.json'), '{ damaged');
  expect(start().wishFor(model).wish).toBe('try');
});

it('the vault asks for a trial, remembers a driver that went down with the process, and says so to IT', async () => {
  let played = await startPlayedVault(folder, 'launch');
  const asked = () =>
    played.model.heard.flatMap((message) => (message.kind === 'load' ? [message.graphics] : []));
  expect(asked()).toEqual([{ wish: 'try', trial: null }]);
  await setUpFrom(played.page);
  await signInFrom(played.page, 'it-admin');
  played.vault.stop();

  played = await startPlayedVault(folder, 'launch');
  // The played model said that it left the graphics alone: nothing is known yet.
  expect(asked()).toEqual([{ wish: 'try', trial: null }]);
  played.vault.stop();
  writeFileSync(
    join(folder, 'data', 'engine-graphics.json'),
    JSON.stringify({ [model]: { version: '0.1.0', silent: 0, crashed: false, trial: good } }),
  );
  played = await startPlayedVault(folder, 'launch');
  expect(asked()).toEqual([{ wish: 'use', trial: good }]);
  played.vault.stop();

  writePolicyTo(folder, { graphicsCard: 'off' });
  played = await startPlayedVault(folder, 'launch');
  expect(asked()).toEqual([{ wish: 'off', trial: null }]);
  await signInFrom(played.page, 'it-admin');
  expect((await valueFrom(played.page, 'models.library', {})).graphics).toEqual({ kind: 'off' });
  played.vault.stop();
});
