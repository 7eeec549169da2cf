import { Menu, type App } from 'electron';
import { closeSession } from './session-policy.ts';
import { closeWebContents } from './web-contents-policy.ts';

/** Chromium switches of every start. None of them is trusted alone: session-policy.ts refuses the requests themselves. */
export const chromiumSwitches: readonly (readonly [name: string, value?: string])[] = [
  // No name is ever looked up. An address in digits would still pass, so every request also goes to a proxy that has
  // no address: it fails before a socket is opened, in Chromium's own start-up services too.
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  ['proxy-server', 'http://no-network.invalid:9'],
  ['proxy-bypass-list', '<-loopback>'],
  ['disable-quic'],
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['no-pings'],
  ['force-webrtc-ip-handling-policy', 'disable_non_proxied_udp'],
];

/** Everything that must be settled before `ready`: afterwards the first session and page could already be open. */
export function hardenChromium(app: App, onBlocked: (api: string) => void): void {
  app.enableSandbox();
  for (const [name, value] of chromiumSwitches) {
    if (value === undefined) app.commandLine.appendSwitch(name);
    else app.commandLine.appendSwitch(name, value);
  }
  app.on('session-created', (session) => {
    closeSession(session, onBlocked);
  });
  app.on('web-contents-created', (_event, contents) => {
    closeWebContents(contents);
  });
  // Electron's default menu has developer tools and links to web pages; ours is set when the window is made.
  Menu.setApplicationMenu(null);
}
