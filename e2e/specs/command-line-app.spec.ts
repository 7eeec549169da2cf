import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { prepareLaunch } from '../../build/setup/unprivileged.mjs';
import { commandEnvironment, ended, runCommand } from '../harness/command-line.ts';
import { administrator, clinician } from '../harness/people.ts';
import { button, signIn, signOut } from '../harness/screens.ts';
import { expect, test } from '../harness/test.ts';

const verify = ['log', 'verify', '--as', administrator.name, '--json'];

test('IT checks the record from a terminal while a clinician works; the lock ends it; the record tells', async ({
  home,
  launch,
}) => {
  const { page } = await launch({ home });
  const socket = join(home.data, 'control.sock');
  const locked = await runCommand(home, verify, administrator.passphrase);
  expect([locked.exitCode, existsSync(socket)]).toEqual([1, false]);
  expect(JSON.parse(locked.answer)).toMatchObject({ problem: { code: 'not-signed-in' } });

  await signIn(page, clinician);
  expect(statSync(socket).mode & 0o077).toBe(0);
  const checked = await runCommand(home, verify, `${administrator.passphrase}\n`);
  expect(checked.exitCode).toBe(0);
  expect(JSON.parse(checked.answer)).toMatchObject({ consistent: true, firstBadEntry: null });
  const wrong = await runCommand(home, verify, 'not the passphrase');
  expect(JSON.parse(wrong.answer)).toMatchObject({ problem: { code: 'wrong-passphrase' } });
  expect((await runCommand(home, ['doctor', '--json'])).answer).toContain('"record file"');
  await expect(button(page, 'Sign out')).toBeVisible();

  await signOut(page);
  expect(existsSync(socket)).toBe(false);
  await signIn(page, administrator);
  for (const name of [
    'Command line: signed in',
    'Record checked',
    'Command line: signed out',
    'Sign-in failed',
  ])
    await expect(page.getByRole('cell', { name, exact: true })).toHaveCount(1);
});

test('on a terminal the passphrase is asked for after the app proved itself, and is not shown', async ({
  home,
  launch,
}) => {
  test.skip(process.platform !== 'linux', 'script(1) takes other options elsewhere');
  const { page } = await launch({ home });
  await signIn(page, clinician);
  const { executablePath, appFolder } = prepareLaunch();
  const words = [executablePath, appFolder, 'log', 'digest', '--as', administrator.name];
  const command = words.map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: home.folder,
    env: commandEnvironment(home),
  });
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const asked = seen.includes('it is not shown');
    seen += bytes.toString();
    if (!asked && seen.includes('it is not shown')) child.stdin.write(`${administrator.passphrase}\r`);
  });
  const { exitCode } = await ended(child);
  expect(seen).toContain(`Passphrase of ${administrator.name} (it is not shown)`);
  expect(seen).toMatch(/failed sign-ins +0/);
  expect(seen).not.toContain(administrator.passphrase);
  expect(exitCode).toBe(0);
});
