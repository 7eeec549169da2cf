import { readFileSync } from 'node:fs';
import { isLinux, isRootOnLinux } from './cache-folder.mjs';
import { capture, run } from './run-command.mjs';
import { SetupError, say } from './say.mjs';

/** What Electron, its headless display, its keyring and the tests need on Debian; alternatives are other names of the same. */
const debianPackages = [
  ['xvfb'],
  ['libgtk-3-0', 'libgtk-3-0t64'],
  ['libnss3'],
  ['libasound2', 'libasound2t64'],
  ['libgbm1'],
  ['libxss1'],
  ['libxtst6'],
  ['strace'],
  ['dbus'],
  ['gnome-keyring'],
  ['libsecret-tools'],
  ['openssh-client'],
  ['util-linux'],
  ['procps'],
  ['fonts-dejavu-core'],
  ['xauth'],
  ['unzip'],
  ['age'],
];

/**
 * With what the unit tests compare the three verifiers of `electron/auditor-kit/`, and a Vulkan driver that computes on the
 * main processor, in the place of a graphics card. Nothing else needs them: they are large.
 */
const unitTestPackages = [
  ['golang-go'],
  ['golang-golang-x-mod-dev'],
  ['python3'],
  ['openssl'],
  ['mesa-vulkan-drivers'],
];

const fedoraLine =
  'sudo dnf install xorg-x11-server-Xvfb gtk3 nss alsa-lib mesa-libgbm libXScrnSaver libXtst strace dbus-daemon gnome-keyring libsecret openssh-clients util-linux procps-ng dejavu-sans-fonts xorg-x11-xauth';

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/mu.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {string} name */
const isInstalled = (name) =>
  capture('dpkg-query', ['-W', '-f', '${Status}', name]) === 'install ok installed';

/** `Candidate: (none)` is what apt says of a name that it knows and cannot install. @param {string | null} policy */
const hasCandidate = (policy) => /Candidate: (?!\(none\))\S/u.test(policy ?? '');

/** @param {readonly string[][]} packages @returns {string[]} */
function missingOf(packages) {
  return packages
    .filter((names) => !names.some(isInstalled))
    .map(
      (names) => names.find((name) => hasCandidate(capture('apt-cache', ['policy', name]))) ?? names[0] ?? '',
    );
}

/**
 * On Debian as root: installs what is missing. Elsewhere on Linux: says the one line to run, and goes on, because the
 * libraries may be there under other names.
 */
export async function installSystemPackages() {
  if (!isLinux) return;
  if (!isDebian()) {
    if (capture('sh', ['-c', 'command -v Xvfb']) === null) {
      say(`Electron and the tests need some system packages. On Fedora: ${fedoraLine}`);
    }
    return;
  }
  const missing = missingOf(debianPackages);
  if (missing.length === 0) return;
  if (!isRootOnLinux) {
    say(
      `Electron and the tests need system packages that are missing. Run this line, then the command again:`,
    );
    say(`  sudo apt-get install -y ${missing.join(' ')}`);
    return;
  }
  if (!(await install(debianPackages))) {
    throw new SetupError(
      `Installing system packages failed (apt-get's own words are above). Install these by hand and run the command again: ${missing.join(' ')}`,
    );
  }
}

/** On Debian as root only. Without them the tests skip the comparison, and say so; in CI they fail. */
export async function installUnitTestPackages() {
  if (!isRootOnLinux || !isDebian() || missingOf(unitTestPackages).length === 0) return;
  if (!(await install(unitTestPackages)))
    say('The three verifiers cannot be compared without these packages.');
}

/** Installs what is missing of these. @param {readonly string[][]} packages @returns {Promise<boolean>} whether it worked */
async function install(packages) {
  const missing = missingOf(packages);
  say(`Installing system packages: ${missing.join(' ')}`);
  /** @param {readonly string[]} names */
  const fetchAndInstall = (names) =>
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      output: 'stderr',
    });
  if ((await fetchAndInstall(missing)) === 0) return true;
  // The package lists may be absent (a fresh container) or stale.
  await run('apt-get', ['update', '-q'], { output: 'stderr' });
  // The names are chosen again: without lists, apt knew of no candidate.
  return (await fetchAndInstall(missingOf(packages))) === 0;
}
