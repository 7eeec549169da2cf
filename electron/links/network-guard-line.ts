import net from 'node:net';
import { basename, isAbsolute } from 'node:path';
import type { Duplex } from 'node:stream';
import { controlSocket } from './control-socket.ts';

/**
 * The one exception of the network guard: a socket that is a name in the file system of this computer (a named pipe on
 * Windows), between a command and the running app. Any other path is refused, so no host can be named.
 */
export type LocalLine = {
  /** @param onStream for each who connects; at most so many at once */
  listen(path: string, atOnce: number, onStream: (stream: Duplex) => void): { close(): void };
  /** Ends with an error event where nobody listens. `connect` is emitted when somebody does. */
  connect(path: string): Duplex;
};

/** Takes the two calls as they are now: from before the guard's patch, they work; from after it, they are refused. */
export function createLocalLine(): LocalLine {
  const listen: unknown = Reflect.get(net.Server.prototype, 'listen');
  /** Of Node's own: what `listen` ends in, and asks its server for. */
  const listen2: unknown = Reflect.get(net.Server.prototype, '_listen2');
  const connect: unknown = Reflect.get(net.Socket.prototype, 'connect');
  const call = (original: unknown, target: net.Server | net.Socket, path: string): void => {
    if (!isControlPath(path) || typeof original !== 'function')
      throw new Error('a path that is not the control socket');
    Reflect.apply(original, target, [{ path }]);
  };
  return {
    listen(path, atOnce, onStream) {
      const server = net.createServer(onStream);
      server.maxConnections = atOnce;
      // A command that finds nobody says so; the person at the screen has nothing to do with it.
      server.on('error', () => undefined);
      Object.defineProperty(server, '_listen2', { value: listen2 });
      call(listen, server, path);
      return { close: () => server.close() };
    },
    connect(path) {
      const socket = new net.Socket();
      call(connect, socket, path);
      return socket;
    },
  };
}

function isControlPath(path: string): boolean {
  if (process.platform === 'win32') return /^\\\\\.\\pipe\\cloister-[0-9a-f]{32}$/.test(path);
  return isAbsolute(path) && basename(path) === controlSocket;
}
