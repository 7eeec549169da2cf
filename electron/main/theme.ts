import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserWindow, NativeTheme } from 'electron';
import { z } from 'zod';
import type { ThemePreference } from '../shared/shell-contract.ts';

export const themeSchema = z.enum(['system', 'light', 'dark']);
const fileSchema = z.strictObject({ theme: themeSchema });
const fileName = 'appearance.json';

/** Behind the page until it has painted, so that a dark room is not lit by a white flash. As the page's own background. */
const backgrounds = { light: '#f7f7f5', dark: '#16181b' } as const;

export type Theme = {
  get(): ThemePreference;
  set(preference: ThemePreference): void;
  background(): string;
  follow(window: BrowserWindow): void;
};

/** Light or dark is not worth an error: a file that cannot be read or written means the system's choice. */
export function openTheme(deps: {
  readonly nativeTheme: NativeTheme;
  readonly dataFolder: string;
  readonly forced: ThemePreference | null;
}): Theme {
  const { nativeTheme } = deps;
  const file = join(deps.dataFolder, fileName);
  nativeTheme.themeSource = deps.forced ?? read(file);
  const background = (): string => backgrounds[nativeTheme.shouldUseDarkColors ? 'dark' : 'light'];
  return {
    get: () => nativeTheme.themeSource,
    set(preference) {
      nativeTheme.themeSource = preference;
      write(file, preference);
    },
    background,
    follow(window) {
      nativeTheme.on('updated', () => {
        if (!window.isDestroyed()) window.setBackgroundColor(background());
      });
    },
  };
}

function read(file: string): ThemePreference {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).theme;
  } catch {
    return 'system';
  }
}

function write(file: string, theme: ThemePreference): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify({ theme }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    return;
  }
}
