import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { releaseElectronVersion, startRefusal } from './start-refusal.ts';

const packaged = {
  flavour: 'release',
  isPackaged: true,
  electronVersion: releaseElectronVersion,
} as const;
const argv = (...words: string[]): string[] => ['/opt/cloister/cloister', ...words];

describe('a packaged Cloister', () => {
  it.each([
    '--remote-debugging-port=9222',
    '--remote-debugging-pipe',
    '--remote-allow-origins=*',
    '--inspect',
    '--inspect=0',
    '--inspect-brk',
    '--inspect-publish-uid=http',
    '--js-flags=--expose-gc',
    '--no-sandbox',
    '--disable-setuid-sandbox',
    '--disable-seccomp-filter-sandbox',
    '--single-process',
    '--no-zygote',
    '--disable-web-security',
    '--disable-site-isolation-trials',
    '--load-extension=/tmp/x',
    '--user-data-dir=/tmp/x',
    '--proxy-server=http://192.0.2.1',
    '--host-rules=MAP * 192.0.2.1',
    '--enable-logging=file',
    '--log-net-log=/tmp/x',
    '--utility-cmd-prefix=gdb',
    '-r',
    '--',
  ])('refuses to start with %s, and the sentence names the option but not its value', (option) => {
    const sentence = startRefusal({ ...packaged, argv: argv(option) }) ?? '';
    const [name = '', value = ''] = option.split('=');
    expect(sentence).toContain(` ${name},`);
    expect(sentence).toContain('Nothing was opened.');
    if (value.length > 3) expect(sentence).not.toContain(value);
  });

  it.each([
    [],
    ['--password-store=gnome-libsecret'],
    ['--ozone-platform=wayland', '--enable-wayland-ime'],
    ['--force-device-scale-factor=1.5'],
    ['-psn_0_12345'],
    ['/home/user/some-file'],
  ])('starts with %j', (...words) => {
    expect(startRefusal({ ...packaged, argv: argv(...words) })).toBeNull();
  });
});

describe('a release build', () => {
  it('refuses to run outside its package', () => {
    expect(startRefusal({ ...packaged, isPackaged: false, argv: argv() })).toContain('outside its package');
  });

  it('refuses the development runtime', () => {
    expect(startRefusal({ ...packaged, electronVersion: '42.0.0', argv: argv() })).toContain(
      'Electron 42.0.0',
    );
  });

  it('accepts exactly the Electron that package.json pins', () => {
    const path = join(import.meta.dirname, '../../package.json');
    const { devDependencies } = JSON.parse(readFileSync(path, 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(releaseElectronVersion).toBe(devDependencies['electron']);
  });
});

describe('a development build', () => {
  const development = { flavour: 'development', isPackaged: false, electronVersion: '42.0.0' } as const;

  it('runs on the development runtime, with a debugger', () => {
    expect(
      startRefusal({ ...development, argv: argv('--inspect=0', '--remote-debugging-port=0', '.') }),
    ).toBeNull();
  });

  it('is as strict as a release once it is packaged', () => {
    expect(startRefusal({ ...development, isPackaged: true, argv: argv('--inspect') })).toContain(
      '--inspect',
    );
  });
});
