import type { WebContents } from 'electron';

/**
 * What no page may do, whoever made it: leave, open another window, hold a webview. There is no way out through the operating system's browser either:
 * nothing in Cloister calls `shell.openExternal`.
 */
export function closeWebContents(contents: WebContents): void {
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
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
