// First: no module may keep an unguarded reference to a socket or a name look-up.
import { blockedConnections } from './main-network-guard.ts';
import { app, dialog, protocol } from 'electron';
import { registerAppScheme } from './app-protocol.ts';
import { composeApp } from './compose-app.ts';
import { readDevelopmentSettings } from './development-settings.ts';
import { endOnBug } from './end-on-bug.ts';
import { hardenChromium } from './harden-chromium.ts';
import { chooseDataFolder, holdSingleInstance } from './single-instance.ts';
import { startRefusal } from './start-refusal.ts';

// Whatever a process of ours writes is for this account alone; children inherit it.
process.umask(0o077);

endOnBug({ process, dialog, app });
const { isPackaged } = app;
const flavour = __CLOISTER_FLAVOUR__;
const refusal = startRefusal({
  flavour,
  isPackaged,
  electronVersion: process.versions.electron,
  argv: process.argv,
});
const settings = readDevelopmentSettings(process.env, isPackaged);

if (refusal !== null) {
  dialog.showErrorBox('Cloister does not start', refusal);
  app.exit(1);
} else if (!holdSingleInstance(app, chooseDataFolder(app, flavour, settings))) {
  app.exit(0);
} else {
  hardenChromium(app, blockedConnections.report);
  registerAppScheme(protocol);
  // Not awaited: `ready` is never emitted before an ES module entry has been evaluated to its end.
  void app.whenReady().then(() => {
    composeApp({ settings, flavour, blockedConnections });
  });
}
