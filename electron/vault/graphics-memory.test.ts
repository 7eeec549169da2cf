import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  batchCosts: null,
  layers: null,
};
let nowMs = 0;
const start = (version = '0.1.0', isAllowed = true, dataFolder = folder) =>
  openGraphicsMemory({ dataFolder, version, isAllowed: () => isAllowed, now: () => nowMs });
const wishes = (times: number): string[] => Array.from({ length: times }, () => start().wishFor(model).wish);
/** One run of the app until the engine turns to the graphics. */
function begun(): ReturnType<typeof start> {
  const memory = start();
  memory.wishFor(model);
  memory.begins(model);
  return memory;
}
function told(result: GraphicsTrial['result']): ReturnType<typeof start> {
  const memory = begun();
  memory.told(model, { ...good, result });
  return memory;
}
const died = 139;

it('tries once, and takes or leaves the graphics by what came of it', () => {
  const first = start();
  expect([first.stateOf(model), first.wishFor(model)]).toEqual([null, { wish: 'try', trial: null }]);
  first.told(model, good);
  expect([start().stateOf(model), start().wishFor(model)]).toEqual([
    { kind: 'tried', trial: good },
    { wish: 'use', trial: good },
  ]);
  told('slower');
  expect(start().wishFor(model)).toEqual({ wish: 'off', trial: { ...good, result: 'slower' } });
  // Another model may fit where this one did not.
  expect(start().wishFor('cd'.repeat(32)).wish).toBe('try');
});

it.each(['while it is tried', 'while it computes'])(
  'a driver that goes down %s is left alone, until the next version',
  (when) => {
    (when === 'while it computes' ? told('used') : begun()).ended(died);
    expect([start().stateOf(model), ...wishes(2)]).toEqual([{ kind: 'crashed' }, 'off', 'off']);
    expect(start('0.2.0').wishFor(model).wish).toBe('try');
  },
);

it('a process that was ended because it hung on the graphics counts like one that went down', () => {
  begun().ended(null);
  expect(start().stateOf(model)).toEqual({ kind: 'crashed' });
});

it('an end that is not the doing of the graphics says nothing about them', () => {
  // Before they were turned to: the file was read, or the main processor measured.
  const early = start();
  early.wishFor(model);
  early.ended(died);
  // The memory was full; our own code; a port that closed.
  for (const exitCode of [9, 137, 65, 70, 0]) begun().ended(exitCode);
  told('slower').ended(died);
  expect(start().stateOf(model)).toEqual({ kind: 'tried', trial: { ...good, result: 'slower' } });
});

it('what may pass is tried three times, and takes a good trial from nobody', () => {
  for (const result of ['none', 'too-small', 'failed'] as const) {
    expect(start().wishFor(model).wish).toBe('try');
    told(result);
  }
  expect(wishes(1)).toEqual(['off']);

  const other = 'cd'.repeat(32);
  const tell = (result: GraphicsTrial['result']) => {
    const memory = start();
    const { wish } = memory.wishFor(other);
    memory.begins(other);
    memory.told(other, { ...good, result });
    return wish;
  };
  expect([tell('used'), tell('too-small'), tell('none'), tell('failed'), tell('used')]).toEqual([
    'try',
    'use',
    'use',
    'use',
    'use',
  ]);
  expect([tell('wrong'), start().wishFor(other).wish]).toEqual(['use', 'off']);
});

it('a computer that goes down four times in a row with the graphics is believed', () => {
  expect(wishes(5)).toEqual(['try', 'try', 'try', 'off', 'off']);
  expect(start().stateOf(model)).toEqual({ kind: 'crashed' });
});

it('also while the card answers, which an end in good order takes back', () => {
  for (let day = 0; day < 3; day += 1) told('used').left();
  for (let day = 0; day < 3; day += 1) told('used');
  expect(wishes(1)).toEqual(['off']);
});

it('a trial that the lock of the screen ended is none, unless it hung', () => {
  for (let time = 0; time < 6; time += 1) {
    const each = begun();
    each.left();
    each.ended(died);
  }
  expect(start().stateOf(model)).toBeNull();
  for (let time = 0; time < 3; time += 1) {
    const each = begun();
    nowMs += 100_000;
    each.left();
  }
  expect(wishes(1)).toEqual(['off']);
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
    JSON.stringify({ [model]: { version: '0.1.0', silent: 0, tries: 0, crashed: false, trial: good } }),
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

it('a card with too little room for now is not shown as computing, and its good trial is kept', () => {
  told('used');
  const memory = begun();
  memory.told(model, { ...good, result: 'too-small' });
  expect(memory.stateOf(model)).toMatchObject({ kind: 'tried', trial: { result: 'too-small' } });
  expect([start().stateOf(model), start().wishFor(model).wish]).toEqual([
    { kind: 'tried', trial: good },
    'use',
  ]);
});

it('a part of a model that was no faster is tried again, since more of it may fit; all of one is not', () => {
  const slower = { ...good, result: 'slower' } as const;
  begun().told(model, { ...slower, layers: { onCard: 2, all: 33 } });
  expect(start().wishFor(model).wish).toBe('try');
  begun().told(model, { ...slower, layers: { onCard: 33, all: 33 } });
  expect(start().wishFor(model).wish).toBe('off');
});

it('what was remembered before layers were counted is still known', () => {
  told('used');
  const file = join(folder, 'engine-graphics.json');
  const kept = readFileSync(file, 'utf8');
  expect(kept).toContain(',"layers":null');
  writeFileSync(file, kept.replace(',"layers":null', ''));
  expect(start().stateOf(model)).toEqual({ kind: 'tried', trial: good });
});
