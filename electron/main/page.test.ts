import type { MessagePortMain } from 'electron';
import { describe, expect, it } from 'vitest';
import { blankUrl, createPage, leaveWaitMs, pageUrl } from './page.ts';
import { createStoppedPage, stoppedUrl } from './stopped-page.ts';

/** The window's contents, played: what was asked of them, and what Chromium would tell. e2e/specs/lock.spec.ts has the real ones. */
function createWorld() {
  const story: string[] = [];
  const gone: (() => void)[] = [];
  const destroyed: (() => void)[] = [];
  const navigated: ((event: unknown, url: string) => void)[] = [];
  const timers = new Set<() => void>();
  let processId = 100;
  let isDestroyed = false;
  const page = createPage({
    contents: {
      loadURL: (url) => {
        story.push(`load ${url}`);
        return Promise.reject(new Error('ERR_ABORTED'));
      },
      postMessage: (channel, message, ports) =>
        story.push(`post ${channel} ${String(message)} ${String(ports.length)}`),
      getOSProcessId: () => processId,
      isDestroyed: () => isDestroyed,
      navigationHistory: { clear: () => story.push('history cleared') },
      on: (event: string, listener: (...input: never[]) => void) =>
        event === 'did-navigate'
          ? navigated.push(listener as (event: unknown, url: string) => void)
          : (event === 'destroyed' ? destroyed : gone).push(listener as () => void),
    },
    stoppedPage: createStoppedPage(),
    onCrashed: () => story.push('crashed'),
    onBlank: () => story.push('blank'),
    endProcess: (id) => story.push(`end ${String(id)}`),
    after: (delayMs, act) => {
      expect(delayMs).toBe(leaveWaitMs);
      timers.add(act);
      return () => timers.delete(act);
    },
  });
  return {
    page,
    story,
    timers,
    /** The person closes the window. */
    closeWindow(): void {
      isDestroyed = true;
      for (const listener of destroyed) listener();
    },
    /** Chromium shows a URL from a process of its own. */
    shows(url: string): void {
      processId += 1;
      for (const listener of navigated) listener({}, url);
    },
    dies(): void {
      for (const listener of gone) listener();
    },
    later: () => timers.forEach((act) => act()),
  };
}

describe('the page in the window', () => {
  it('leaves for a blank page and ends the process that it left', () => {
    const world = createWorld();
    world.page.blank();
    expect(world.story).toEqual([`load ${blankUrl}`]);
    world.shows(blankUrl);
    expect(world.story.slice(1)).toEqual(['end 100', 'history cleared', 'blank']);
    expect(world.timers.size).toBe(0);
  });

  it('loads the next page only when the window is blank: never in the process that is to end', () => {
    const world = createWorld();
    world.page.blank();
    world.page.load();
    expect(world.story).toEqual([`load ${blankUrl}`]);
    world.shows(pageUrl);
    expect(world.story).toHaveLength(1);
    world.shows(blankUrl);
    expect(world.story.slice(1)).toEqual(['end 100', 'history cleared', 'blank', `load ${pageUrl}`]);
  });

  it('forgets a page that was to come when it is told to be blank again', () => {
    const world = createWorld();
    world.page.blank();
    world.page.load();
    world.page.blank();
    world.shows(blankUrl);
    expect(world.story.at(-1)).toBe('blank');
  });

  it('ends the process of a page that cannot be left, and calls neither that nor a crash on the way a crash', () => {
    const world = createWorld();
    world.page.blank();
    world.page.load();
    world.later();
    expect(world.story).toEqual([`load ${blankUrl}`, 'end 100']);
    world.dies();
    expect(world.story.slice(2)).toEqual(['end 100', 'history cleared', 'blank', `load ${pageUrl}`]);
  });

  it('tells of a crash that nobody asked for, before and after a blank window', () => {
    const world = createWorld();
    world.dies();
    world.page.blank();
    world.shows(blankUrl);
    world.dies();
    expect(world.story.filter((line) => line === 'crashed')).toHaveLength(2);
  });

  it("shows main's own sentence from another process than the page's", () => {
    const world = createWorld();
    world.page.showStopped('It stopped.');
    world.shows(blankUrl);
    expect(world.story).toEqual([
      `load ${blankUrl}`,
      'end 100',
      'history cleared',
      'blank',
      `load ${stoppedUrl}`,
    ]);
  });

  it('hands the text port on', () => {
    const world = createWorld();
    world.page.giveTextPort({} as MessagePortMain);
    expect(world.story).toEqual(['post shell.text-port null 1']);
  });

  it('ends the process and says that the window is blank when it is closed on the way there', () => {
    const world = createWorld();
    world.page.blank();
    world.page.load();
    world.closeWindow();
    expect(world.story).toEqual([`load ${blankUrl}`, 'end 100', 'blank']);
    expect(world.timers.size).toBe(0);
  });

  it('asks nothing of a window that was closed: the app is on its way out', () => {
    const world = createWorld();
    world.page.blank();
    world.closeWindow();
    const before = world.story.length;
    world.dies();
    world.shows(blankUrl);
    world.page.blank();
    world.page.load();
    world.page.showStopped('It stopped.');
    world.page.giveTextPort({} as MessagePortMain);
    expect(world.story.length).toBe(before);
  });
});
