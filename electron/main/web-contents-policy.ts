import type { WebContents } from 'electron';

/**
 * What no page may do, whoever made it: leave, open another window, hold a webview or a frame. There is no way out through
 * the operating system's browser either: nothing in Cloister calls `shell.openExternal`.
 */
export function closeWebContents(
  contents: WebContents,
  deps: { readonly onBlocked: (api: string) => void; readonly endProcess: (processId: number) => void },
): void {
  const prevent = (event: { preventDefault(): void }): void => {
    event.preventDefault();
  };
  contents.on('will-navigate', prevent);
  contents.on('will-frame-navigate', prevent);
  contents.on('will-redirect', prevent);
  contents.on('will-attach-webview', prevent);
  contents.on('select-bluetooth-device', (event, _devices, answer) => {
    event.preventDefault();
    answer('');
  });
  // The content policy lets a page make an empty frame, and an empty frame has every object that the preload took away
  // from the page. Ours makes none: what does is not our page any more.
  contents.on('frame-created', (_event, { frame }) => {
    if (frame?.parent === null) return;
    deps.endProcess(contents.getOSProcessId());
    deps.onBlocked('page.frame');
  });
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
