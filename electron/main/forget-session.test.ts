import { describe, expect, it } from 'vitest';
import { copiedFormat } from '../shared/shell-contract.ts';
import { clearCopiedText, overwriteFreedMemory, type CopiedText } from './forget-session.ts';

async function cleared(marked: boolean, platform: NodeJS.Platform): Promise<readonly string[]> {
  const story: string[] = [];
  const clipboard: CopiedText = {
    has: (format) => marked && format === copiedFormat,
    clear: (type) => void story.push(type ?? 'clipboard'),
  };
  await clearCopiedText(clipboard, platform);
  return story;
}

describe('AC-04: what main forgets at the end of a session', () => {
  it('clears what our page copied, and not what another program copied', async () => {
    expect(await cleared(true, 'win32')).toEqual(['clipboard']);
    expect(await cleared(false, 'win32')).toEqual([]);
  });

  it('clears what was selected with the mouse, which Linux keeps as a second clipboard', async () => {
    expect(await cleared(false, 'linux')).toEqual(['selection']);
    let selectionClears = 0;
    const newer: CopiedText = {
      has: () => Promise.resolve(false),
      clear: () => expect.unreachable(),
      selection: { clear: () => (selectionClears += 1) },
    };
    await clearCopiedText(newer, 'linux');
    expect(selectionClears).toBe(1);
  });

  it('overwrites freed memory in many short turns, and ends', async () => {
    let turns = 0;
    await new Promise<void>((resolve) => {
      let waiting = 0;
      overwriteFreedMemory((act) => {
        turns += 1;
        waiting += 1;
        setImmediate(() => {
          waiting -= 1;
          act();
          if (waiting === 0) resolve();
        });
      });
    });
    expect(turns).toBeGreaterThan(60);
    expect(turns).toBeLessThan(120);
  });
});
