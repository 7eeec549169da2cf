import type { MessagePortMain } from 'electron';
import { appOrigin, shellChannels } from '../shared/shell-contract.ts';
import { stoppedUrl, type StoppedPage } from './stopped-page.ts';

/** The page in the window, whatever process it lives in. */
export type Page = {
  giveTextPort(port: MessagePortMain): void;
  /** Blanks the window at once and ends the page's process: what it showed is left in no page's memory. */
  blank(): void;
  /** A fresh page; after `blank`, in a process that never knew the one before. */
  load(): void;
  /** Replaces the page by main's own, with this sentence. */
  showStopped(message: string): void;
};

/** The part of Electron's `WebContents` that is used here. */
export type PageContents = {
  loadURL(url: string): Promise<void>;
  postMessage(channel: string, message: unknown, ports: MessagePortMain[]): void;
  getOSProcessId(): number;
  /** The window was closed: the app is on its way out, and every other call here would throw. */
  isDestroyed(): boolean;
  readonly navigationHistory: { clear(): void };
  on(event: 'render-process-gone' | 'destroyed', listener: () => void): unknown;
  on(event: 'did-navigate', listener: (event: unknown, url: string) => void): unknown;
};

type Deps = {
  readonly contents: PageContents;
  readonly stoppedPage: StoppedPage;
  /** The page's process ended, and not because it was to. */
  readonly onCrashed: () => void;
  /** Ends a process of a page at once; one that is gone already is all right. */
  readonly endProcess: (processId: number) => void;
  /** The window is blank, or closed on the way there, and the process before it is ended. */
  readonly onBlank: () => void;
  /** Runs `act` once, later; the result cancels it. */
  readonly after: (delayMs: number, act: () => void) => () => void;
};

export const pageUrl = `${appOrigin}/`;

/**
 * Of no site of ours, so Chromium shows it from another process and ends the one before. The window's contents stay the
 * same object: what listens to them goes on listening, which it would not after a crash on purpose.
 */
export const blankUrl = 'about:blank';

/** Leaving takes about 60 ms; the window has to be blank within 500 ms, also when the page hangs and cannot be left. */
export const leaveWaitMs = 200;

export function createPage(deps: Deps): Page {
  const { contents } = deps;
  /** Set from the wish for a blank window until it is blank; `next` is what is to be shown then. */
  let leaving: { readonly processId: number; next: string | null; readonly cancelWait: () => void } | null =
    null;

  function show(url: string): void {
    if (contents.isDestroyed()) return;
    if (leaving !== null) leaving.next = url;
    else go(url);
  }

  function go(url: string): void {
    // A load that the next one overtakes is rejected; there is nothing to do about it.
    contents.loadURL(url).catch(() => undefined);
  }

  function blank(): void {
    if (contents.isDestroyed()) return;
    if (leaving !== null) {
      leaving.next = null;
      return;
    }
    const processId = contents.getOSProcessId();
    const cancelWait = deps.after(leaveWaitMs, () => {
      deps.endProcess(processId);
    });
    leaving = { processId, next: null, cancelWait };
    go(blankUrl);
  }

  /** The window is blank, or closed. Chromium ends the process before too, but lets a page that hangs live on for half a second. */
  function left(): void {
    if (leaving === null) return;
    const { processId, next, cancelWait } = leaving;
    leaving = null;
    cancelWait();
    deps.endProcess(processId);
    // An entry may keep what stood in the fields of its page, in main's own memory.
    if (!contents.isDestroyed()) contents.navigationHistory.clear();
    deps.onBlank();
    if (next !== null && !contents.isDestroyed()) go(next);
  }

  contents.on('did-navigate', (_event, url) => {
    if (url === blankUrl) left();
  });
  contents.on('destroyed', left);
  contents.on('render-process-gone', () => {
    if (leaving !== null) left();
    else if (!contents.isDestroyed()) deps.onCrashed();
  });

  return {
    giveTextPort: (port) => {
      if (!contents.isDestroyed()) contents.postMessage(shellChannels.textPort, null, [port]);
    },
    blank,
    load: () => {
      show(pageUrl);
    },
    showStopped(message) {
      deps.stoppedPage.say(message);
      blank();
      show(stoppedUrl);
    },
  };
}
