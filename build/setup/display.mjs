import { spawn } from 'node:child_process';
import { isLinux } from './cache-folder.mjs';
import { SetupError } from './say.mjs';

/**
 * A display to draw on: the one there is, else a virtual one, which ends with `stop` or with this process.
 * @returns {Promise<{ display: string | undefined, virtual: boolean, stop: () => void }>}
 */
export async function startDisplay() {
  if (!isLinux || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']) {
    return { display: process.env['DISPLAY'], virtual: false, stop: () => {} };
  }
  // -ac: the app may run as another user than the one who starts the display; -nolisten tcp: it is reached by socket only.
  // -s 0: nobody types at this display, so after ten minutes its screen saver would start, and Cloister locks when one does.
  const args = [
    '-displayfd',
    '3',
    '-screen',
    '0',
    '1440x960x24',
    '-nolisten',
    'tcp',
    '-ac',
    '-noreset',
    '-s',
    '0',
  ];
  const server = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const stop = () => {
    process.off('exit', stop);
    server.kill();
  };
  process.on('exit', stop);
  const number = await new Promise((ready, failed) => {
    const refuse = (/** @type {string} */ why) =>
      failed(
        new SetupError(
          `The virtual display (Xvfb) did not start: ${why}. Install the system packages that \`npm run setup\` names.`,
        ),
      );
    server.on('error', (error) => refuse(error.message));
    server.on('exit', (code) => refuse(`it ended with code ${code}`));
    let text = '';
    server.stdio[3]?.on('data', (/** @type {Buffer} */ chunk) => {
      text += chunk.toString();
      if (text.endsWith('\n')) ready(text.trim());
    });
  });
  server.unref();
  return { display: `:${number}`, virtual: true, stop };
}
