import { Menu, type App } from 'electron';
import { chromiumSwitches } from './chromium-switches.ts';
import { endPageProcess } from './end-page-process.ts';
import { closeSession } from './session-policy.ts';
import { closeWebContents } from './web-contents-policy.ts';

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
    closeWebContents(contents, {
      onBlocked,
      endProcess: (processId) => {
        endPageProcess(app, processId);
      },
    });
  });
  // Electron's default menu has developer tools and links to web pages; ours is set when the window is made.
  Menu.setApplicationMenu(null);
}
