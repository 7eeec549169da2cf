// First: no module may keep an unguarded reference to a socket or a name look-up.
import { blockedConnections } from './main-network-guard.ts';
import { app, dialog, protocol } from 'electron';
import { registerAppScheme } from './app-protocol.ts';
import { composeApp } from './compose-app.ts';
import { commandWords } from './command-words.ts';
import { keepMemoryOutOfCoreDumps } from './core-dumps.ts';
import { readDevelopmentSettings } from './development-settings.ts';
import { endOnBug } from './end-on-bug.ts';
import { hardenChromium } from './harden-chromium.ts';
import { chooseDataFolder, holdSingleInstance } from './single-instance.ts';
import { startCommandLine } from './start-command-line.ts';
import { startRefusal } from './start-refusal.ts';
import { setMenu } from './windows.ts';

// Whatever a process of ours writes is for this account alone; children inherit it.
process.umask(0o077);
keepMemoryOutOfCoreDumps();

const { isPackaged } = app;
const command = commandWords(process.argv, isPackaged);
if (command === null) endOnBug({ process, dialog, app });
const flavour = __CLOISTER_FLAVOUR__;
const refusal = startRefusal({
  flavour,
  isPackaged,
  electronVersion: process.versions.electron,
  argv: command?.before ?? process.argv,
});
const settings = readDevelopmentSettings(process.env, isPackaged);

if (command !== null) {
  // Awaited: `ready` is held back until the command has ended, so nothing of a window or a page is ever begun.
  const exitCode = await startCommandLine({ ...command, flavour, settings, refusal });
  if (exitCode !== null) app.exit(exitCode);
} else if (refusal !== null) {
  dialog.showErrorBox('Cloister does not start', refusal);
  app.exit(1);
} else if (!holdSingleInstance(app, chooseDataFolder(app, flavour, settings))) {
  app.exit(0);
} else {
  hardenChromium(app, blockedConnections.report);
  registerAppScheme(protocol);
  // Before `ready`: later, Electron has made a menu of its own for nothing.
  setMenu(process.platform);
  // Not awaited: `ready` is never emitted before an ES module entry has been evaluated to its end.
  void app.whenReady().then(() => {
    composeApp({ settings, flavour, blockedConnections });
  });
}
