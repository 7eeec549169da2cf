import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { lockOnSystemEvents } from './lock-triggers.ts';

function createWorld(platform: NodeJS.Platform) {
  const story: string[] = [];
  const polls: (() => void)[] = [];
  let state = 'active';
  const powerMonitor = Object.assign(new EventEmitter(), { getSystemIdleState: () => state });
  lockOnSystemEvents({
    powerMonitor,
    platform,
    lock: (reason) => story.push(reason),
    quit: () => story.push('quit'),
    every: (_intervalMs, act) => polls.push(act),
  });
  return {
    story,
    powerMonitor,
    polls,
    poll(next: string): void {
      state = next;
      for (const act of polls) act();
    },
  };
}

describe('AC-04: what happens to the computer', () => {
  it.each([
    ['suspend', 'suspend'],
    ['resume', 'suspend'],
    ['lock-screen', 'screen-locked'],
    ['user-did-resign-active', 'screen-locked'],
  ])('%s locks as %s', (event, reason) => {
    const world = createWorld('darwin');
    world.powerMonitor.emit(event);
    expect(world.story).toEqual([reason]);
  });

  it('a shutdown waits for the app to end in good order', () => {
    const world = createWorld('linux');
    let held = false;
    world.powerMonitor.emit('shutdown', { preventDefault: () => (held = true) });
    expect([held, world.story]).toEqual([true, ['quit']]);
  });

  it('on Linux, where no event tells of a locked screen, asks for it', () => {
    const world = createWorld('linux');
    for (const state of ['active', 'idle', 'unknown']) world.poll(state);
    expect(world.story).toEqual([]);
    world.poll('locked');
    expect(world.story).toEqual(['screen-locked']);
    expect(createWorld('win32').polls).toEqual([]);
  });
});
