import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { childOrderSchema, toChildSchema, type Line, type Plant } from './vault-frames.ts';

/** Names are others where the code is minified; properties and texts are not. */
const synchronousFull = /["`]synchronous["`],\s*["`]FULL["`],\s*["`]2["`]/u;

/**
 * The vault process of the built app, whole and unchanged, with its three lines laid over this process's input and output:
 * what the vault posts has left the process when `postMessage` returns, so a kill afterwards cannot take it back.
 */
const order = childOrderSchema.parse(JSON.parse(process.argv[2] ?? ''));
if (order.plant !== null) plant(order.plant, dirname(order.vaultProcess));

const ports = new Map<Line, ReturnType<typeof playPort>>();
const main = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => {
    say('main', message);
  },
});
Reflect.set(process, 'parentPort', main);

createInterface(process.stdin).on('line', (text) => {
  const { to, message, port } = toChildSchema.parse(JSON.parse(text));
  if (to !== 'main') {
    if (message === null) ports.get(to)?.emit('close');
    else ports.get(to)?.deliver(message);
    return;
  }
  const given = port === null ? [] : [playPort(port)];
  for (const end of given) if (port !== null) ports.set(port, end);
  main.emit('message', { data: message, ports: given });
});

await import(pathToFileURL(order.vaultProcess).href);

function say(from: Line, message: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify({ from, message })}\n`);
  for (let at = 0; at < bytes.length;) at += writeWhatFits(bytes, at);
}

/** The pipe is full while the reader has other things to do; what is said must be out before the vault goes on. */
function writeWhatFits(bytes: Buffer, at: number): number {
  try {
    return writeSync(1, bytes, at);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN')) throw cause;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}

/** As Electron's MessagePortMain is, as far as the vault uses it. What arrives before `start` waits. */
function playPort(name: 'text' | 'model') {
  const events = new EventEmitter();
  let waiting: unknown[] | null = [];
  return Object.assign(events, {
    postMessage: (message: unknown) => {
      say(name, message);
    },
    start: () => {
      const arrived = waiting ?? [];
      waiting = null;
      for (const data of arrived) events.emit('message', { data });
    },
    deliver: (data: unknown) => {
      if (waiting === null) events.emit('message', { data });
      else waiting.push(data);
    },
    close: () => {
      events.emit('close');
    },
  });
}

/** In one file of the app as it is built, or the code does not read as it did and the fault is none. */
function plant(fault: Plant, folder: string): void {
  const [pattern, replacement] = {
    'shown-before-recorded': [
      /\b(\w{1,30})\.transaction\(\(\)\s*=>\s*(\w{1,30})\.insertDelta\.run\(([^()]*)\)\)/u,
      'setTimeout(() => { try { $1.transaction(() => $2.insertDelta.run($3)); } catch {} }, 40)',
    ],
    'synchronous-off': [synchronousFull, '"synchronous", "OFF", "0"'],
    'synchronous-normal': [synchronousFull, '"synchronous", "NORMAL", "1"'],
  }[fault] as [RegExp, string];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  const places = files.filter((name) => pattern.test(readFileSync(join(folder, name), 'utf8')));
  if (places.length !== 1) throw new Error('the fault found no place in the code');
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (loaded.format !== 'module') return loaded;
      const text = sourceText(loaded.source);
      if (!pattern.test(text)) return loaded;
      return { ...loaded, source: text.replace(pattern, replacement) };
    },
  });
}

function sourceText(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  if (source === undefined) return '';
  if (typeof source === 'string') return source;
  return ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString()
    : Buffer.from(source).toString();
}
