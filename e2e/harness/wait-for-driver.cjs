'use strict';
// Loaded before the app (`electron -r`): holds `ready` back until Playwright is attached and calls `__playwright_run`.
// Without it the first window can open while Playwright connects, and about one launch in a hundred then never returns.
// Playwright has such a loader of its own, but not for an `executablePath`, and that one also changes Chromium's switches.
const { app } = require('electron');

const readyOfElectron = app.whenReady();
/** @type {(event: string, ...words: unknown[]) => boolean} */
const emit = app.emit.bind(app);
/** @type {unknown[]} */
let readyArguments = [];
let isReady = false;
/** @type {(event: unknown) => void} */
let release = () => undefined;
const attached = new Promise((resolve) => {
  release = resolve;
});
/** @type {(event: string, ...words: unknown[]) => boolean} */
const holdReady = (event, ...words) => {
  if (event !== 'ready') return emit(event, ...words);
  readyArguments = words;
  return app.listenerCount('ready') > 0;
};
app.emit = holdReady;
app.isReady = () => isReady;
app.whenReady = () => attached;
globalThis.__playwright_run = async () => {
  const event = await readyOfElectron;
  isReady = true;
  release(event);
  emit('ready', ...readyArguments);
};
