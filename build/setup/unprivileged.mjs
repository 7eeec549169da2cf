import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, isRootOnLinux } from './cache-folder.mjs';
import { capture } from './run-command.mjs';
import { runtimePath } from './runtime-path.mjs';
import { SetupError } from './say.mjs';
import { stageApp } from './stage-app.mjs';

const userName = 'cloister-e2e';

/** @typedef {{ uid: number, gid: number, home: string }} AppUser */

/**
 * `folder`: a fresh D-Bus session with an unlocked GNOME keyring that keeps its secrets below this folder, which the app's
 * user owns; `absent`: the app is told to use GNOME's keyring where nothing answers.
 * @typedef {{ folder: string } | 'absent'} Keyring
 */

/**
 * @typedef {object} Launch
 * @property {string} executablePath what to start instead of Electron; its arguments are Electron's
 * @property {string} appFolder Electron's first argument
 * @property {AppUser | null} user null when the app runs as whoever started this
 * @property {true} chromiumSandbox to pass on to Playwright's launch, which otherwise switches the sandbox off
 */

/**
 * How to start the app with Chromium's sandbox on: Chromium refuses a sandbox to root, so there the app is copied
 * to where an unprivileged user can read it and started as that user; elsewhere it starts as it is.
 * @param {{ keyring?: Keyring | null, under?: readonly string[], appFolder?: string, electron?: string }} [options] keyring: null
 *   where none is looked for (Electron's `basic_text`); under: a command to run it under, for example strace;
 *   appFolder: an app (or app.asar) that the user can read already; electron: another executable, such as a packaged app's
 * @returns {Launch}
 */
export function prepareLaunch(options = {}) {
  const electron = options.electron ?? runtimePath();
  const user = isRootOnLinux ? appUser() : null;
  const staged = user && options.appFolder === undefined ? stageApp() : null;
  const appFolder = options.appFolder ?? staged?.app ?? checkout;
  const keyring = options.keyring ?? null;
  const under = options.under ?? [];
  if (user === null && keyring === null && under.length === 0)
    return { executablePath: electron, appFolder, user, chromiumSandbox: true };
  if (user !== null && capture('setpriv', [...become(user), 'test', '-x', electron]) === null) {
    throw new SetupError(
      `The app runs as the user ${userName}, who cannot read ${electron}. Put the cache in a folder that everyone may read (CLOISTER_CACHE) and run the command again.`,
    );
  }
  const folder = staged?.folder ?? join(checkout, '.cache');
  const executablePath = writeStarter(folder, { electron, user, keyring, under });
  return { executablePath, appFolder, user, chromiumSandbox: true };
}

/**
 * Makes a folder only the app's user can enter (mode 0700); without root, only its owner.
 * @param {string} path
 */
export function ownFolder(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  if (isRootOnLinux) {
    const user = appUser();
    chownSync(path, user.uid, user.gid);
  }
}

/** Creates the user on first use. @returns {AppUser} */
export function appUser() {
  const found = readUser();
  if (found) return found;
  capture('useradd', [
    '--system',
    '--user-group',
    '--create-home',
    '--home-dir',
    `/var/lib/${userName}`,
    '--shell',
    '/usr/sbin/nologin',
    userName,
  ]);
  const made = readUser();
  if (made) return made;
  throw new SetupError(
    `Could not create the user ${userName}, as whom the tests start the app. Create it (useradd --system ${userName}) and run the command again.`,
  );
}

/** @returns {AppUser | null} */
function readUser() {
  const fields = capture('getent', ['passwd', userName])?.split(':');
  const [uid, gid, home] = [Number(fields?.[2]), Number(fields?.[3]), fields?.[5]];
  return home && uid > 0 ? { uid, gid, home } : null;
}

/** `setpriv` replaces itself, so the process that is started is the app and ends with it. @param {AppUser} user */
const become = (user) => [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--'];

/**
 * @param {string} folder
 * @param {{ electron: string, user: AppUser | null, keyring: Keyring | null, under: readonly string[] }} start
 * @returns {string} an executable script, one per way of starting
 */
function writeStarter(folder, start) {
  const { electron, user, keyring, under } = start;
  // Playwright adds that switch unless it is told `chromiumSandbox: true`; a test without the sandbox tests nothing.
  const lines = [
    '#!/bin/sh',
    'set -eu',
    'for word in "$@"; do',
    '  if [ "$word" = --no-sandbox ]; then echo "Cloister is started with its sandbox or not at all" >&2; exit 64; fi',
    'done',
  ];
  /** @type {string[]} */
  const words = [];
  if (user) {
    const run = `/run/user/${user.uid}`;
    // A session folder of its own kind: the keyring puts its sockets there.
    mkdirSync(run, { recursive: true, mode: 0o700 });
    chownSync(run, user.uid, user.gid);
    words.push(
      'setpriv',
      ...become(user),
      'env',
      `HOME=${user.home}`,
      `USER=${userName}`,
      `LOGNAME=${userName}`,
    );
    words.push(`XDG_RUNTIME_DIR=${run}`);
    lines.push('unset ELECTRON_RUN_AS_NODE XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME');
  } else {
    lines.push('unset ELECTRON_RUN_AS_NODE');
  }
  const app = [...under, electron].map(quote).join(' ');
  if (keyring === 'absent') {
    lines.push('unset DBUS_SESSION_BUS_ADDRESS');
    lines.push(`exec ${words.map(quote).join(' ')} ${app} --password-store=gnome-libsecret "$@"`);
  } else if (keyring !== null) {
    const inside = [
      `export XDG_DATA_HOME=${quote(keyring.folder)}`,
      `printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null`,
      `exec ${app} --password-store=gnome-libsecret "$@"`,
    ].join('; ');
    lines.push(
      `exec ${[...words, 'dbus-run-session', '--', 'sh', '-c', inside, 'sh'].map(quote).join(' ')} "$@"`,
    );
  } else {
    lines.push(`exec ${words.map(quote).join(' ')} ${app} "$@"`);
  }
  const text = `${lines.join('\n')}\n`;
  const path = join(folder, `start-${shortHash(text)}.sh`);
  mkdirSync(folder, { recursive: true });
  // Renamed into place: another run may be starting the same script at this moment.
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text);
  chmodSync(fresh, 0o755);
  renameSync(fresh, path);
  return path;
}

/** @param {string} word */
const quote = (word) => (/^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** @param {string} text */
const shortHash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 12);
