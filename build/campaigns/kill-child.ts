import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Order } from './rekey-child.ts';

const script = join(import.meta.dirname, 'rekey-child.ts');

/**
 * Runs the child and kills it with SIGKILL: at its named step when it waits there, else so long after it said `ready`.
 * @param delayMs null to wait for the named step
 * @returns whether the kill came before the child had ended by itself
 * @throws with the child's own words when it failed
 */
export function killChild(order: Order, delayMs: number | null): Promise<boolean> {
  return runChild(order, (word, kill) => {
    if (word === 'waiting') kill();
    if (word !== 'ready' || delayMs === null) return;
    if (delayMs > 20) {
      setTimeout(kill, delayMs);
      return;
    }
    // A timer's milliseconds are too coarse for the steps that take less.
    const until = performance.now() + delayMs;
    while (performance.now() < until);
    kill();
  });
}

/** @returns ms from `ready` to `done` of one undisturbed pass */
export async function timeChild(order: Order): Promise<number> {
  let [readyAt, doneAt] = [0, 0];
  await runChild(order, (word, kill) => {
    if (word === 'ready') readyAt = performance.now();
    if (word !== 'done') return;
    doneAt = performance.now();
    kill();
  });
  return doneAt - readyAt;
}

async function runChild(order: Order, heard: (word: string, kill: () => void) => void): Promise<boolean> {
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('close', (_code, signal) => {
      resolve(signal);
    });
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  createInterface(child.stdout).on('line', (word) => {
    heard(word, () => child.kill('SIGKILL'));
  });
  const signal = await ended;
  if (signal !== 'SIGKILL' && complaint !== '')
    throw new Error(`the process to be killed failed: ${complaint}`);
  return signal === 'SIGKILL';
}
