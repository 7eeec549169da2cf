import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { app, safeStorage } from 'electron';
import type { CommandLineFacts, KeychainFacts, RunCommandLine } from '../links/command-line.ts';
import type { Flavour } from '../shared/flavour.ts';
import { hashApp } from './app-hash.ts';
import { blockedConnections, localLine } from './main-network-guard.ts';
import type { DevelopmentSettings } from './development-settings.ts';
import { hardenChromium } from './harden-chromium.ts';
import { createKeychain } from './keychain.ts';
import { chooseDataFolder } from './single-instance.ts';

/** Not for people: the keychain can be asked only once Chromium runs, and a process of its own bears what that may do. */
const keychainQuestion = 'keychain-facts';
/** The key store may be asking the person for its own password, twice 20 s. */
const keychainWaitMs = 60_000;
/** EX_SOFTWARE of sysexits.h. */
const exitCodeForBug = 70;

/**
 * Runs a command while `ready` is held back: no window, no GPU process, no session, and no display is needed.
 * Takes no single-instance lock, so it may run beside the app.
 * @returns the exit code; null where the process goes on and ends itself
 */
export async function startCommandLine(start: {
  readonly before: readonly string[];
  readonly words: readonly string[];
  readonly flavour: Flavour;
  readonly settings: DevelopmentSettings;
  readonly refusal: string | null;
}): Promise<number | null> {
  // Electron's own handlers would show a box or a stack.
  const endOnBug = (): void => {
    process.stderr.write(bug);
    app.exit(exitCodeForBug);
  };
  process.once('uncaughtException', endOnBug);
  process.once('unhandledRejection', endOnBug);
  if (start.refusal !== null) {
    process.stderr.write(`${start.refusal}\n`);
    return 1;
  }
  const [question, folder, ...more] = start.words;
  // Nothing more: Chromium, which runs for this question, would read a switch among the words.
  if (question === keychainQuestion && folder?.startsWith('-') === false && more.length === 0) {
    answerKeychainQuestion(folder);
    return null;
  }
  // By its path: the projects of main and of the command line do not reference each other.
  const path = join(app.getAppPath(), 'out', 'main', 'command-line.js');
  const bundle = (await import(pathToFileURL(path).href)) as { readonly runCommandLine: RunCommandLine };
  return bundle.runCommandLine({ words: start.words, facts: commandLineFacts(start) });
}

function commandLineFacts(start: {
  readonly before: readonly string[];
  readonly flavour: Flavour;
  readonly settings: DevelopmentSettings;
}): CommandLineFacts {
  const { flavour, settings } = start;
  const models = join(app.isPackaged ? process.resourcesPath : app.getAppPath(), 'models');
  return {
    dataFolder: chooseDataFolder(app, flavour, settings),
    modelsFolder: settings.modelsFolder ?? models,
    cataloguePath: settings.cataloguePath ?? join(models, 'catalogue.json'),
    policyFolder: settings.policyFolder,
    enginePackage: join(app.getAppPath(), 'node_modules', 'node-llama-cpp'),
    flavour,
    version: app.getVersion(),
    localLine,
    appSha256: () => hashApp({ isPackaged: app.isPackaged, resourcesPath: process.resourcesPath }),
    keychain: () => askKeychain(start.before),
  };
}

/** @param before this process's own words up to the command: the app's folder, `--password-store` */
async function askKeychain(before: readonly string[]): Promise<KeychainFacts | null> {
  // Chromium's own files: the app may be using its folder at this moment.
  const folder = mkdtempSync(join(tmpdir(), 'cloister-keychain-'));
  const [, ...switches] = before;
  // Without it Chromium ends where there is no display.
  const headless = process.platform === 'linux' ? ['--ozone-platform=headless'] : [];
  try {
    const child = spawn(process.execPath, [...headless, ...switches, keychainQuestion, folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: keychainWaitMs,
    });
    let answer = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await new Promise<void>((ended) => {
      child.once('error', () => {
        ended();
      });
      child.once('close', () => {
        ended();
      });
    });
    return readAnswer(answer);
  } finally {
    removeFolder(folder);
  }
}

/** A child of Chromium's may still be writing there; then an empty profile stays behind in the temporary folder. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    return;
  }
}

function readAnswer(answer: string): KeychainFacts | null {
  const [, available, backend] = /^keychain (yes|no) (\w+)$/m.exec(answer) ?? [];
  return backend === undefined ? null : { available: available === 'yes', backend };
}

/** Returns at once: `ready` comes only when main.ts has been evaluated to its end. */
function answerKeychainQuestion(folder: string): void {
  for (const name of ['userData', 'sessionData', 'crashDumps'] as const) app.setPath(name, folder);
  app.disableHardwareAcceleration();
  hardenChromium(app, blockedConnections.report);
  void app.whenReady().then(async () => {
    const keychain = createKeychain({ safeStorage, platform: process.platform, delay });
    const { available, backend } = await keychain.facts();
    process.stdout.write(`keychain ${available ? 'yes' : 'no'} ${backend}\n`, () => {
      app.exit(0);
    });
  });
}

const bug =
  'Something went wrong inside Cloister and the command stopped. The record and the keys are as they were. Try again; if it happens again, report it.\n';
