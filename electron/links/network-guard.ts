import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { openDoor, type Door } from './network-guard-door.ts';
import { createLocalLine, type LocalLine } from './network-guard-line.ts';

/**
 * Refuses every way that Node and Electron offer to JavaScript to open a socket or to ask for a name, loopback and
 * Unix sockets included: our processes talk over message ports. Chromium's session filter (main/session-policy.ts) does
 * not see these calls, so each of our Node processes installs this before anything else. The one exception is the line
 * between a command and the running app: whoever installs the guard first gets the two calls for it, and nobody else.
 *
 * It stops mistakes and dependencies that phone home, not native code; that is why the end-to-end test watches the
 * system calls. It does not reach worker threads: a thread has its own modules and installs the guard itself.
 */
export type NetworkGuardOptions = {
  /** `api` is a short literal such as `net.connect`; never a host, a path or an argument of the refused call. */
  readonly onBlocked: (api: string) => void;
  /** Of the egress process alone: what TLS may connect to. All else is refused there too. */
  readonly door?: Door;
};

export class NetworkBlockedError extends Error {
  override readonly name = 'NetworkBlockedError';
  readonly code = 'ERR_CLOISTER_NETWORK_BLOCKED';

  constructor(api: string) {
    super(`Cloister does not use the network: the call of ${api} was refused`);
  }
}

/** The patched modules belong to the whole process, so what marks them as patched does too. */
const mark = Symbol.for('cloister.network-guard');

/**
 * Patches once per process; called again, it only adds the listener.
 * @returns the local line, to who installs it; null to any later caller
 */
export function installNetworkGuard({ onBlocked, door }: NetworkGuardOptions): LocalLine | null {
  const installed: unknown = Reflect.get(globalThis, mark);
  if (installed instanceof Set) {
    installed.add(onBlocked);
    return null;
  }
  const listeners = new Set([onBlocked]);
  fix(globalThis, mark, listeners);
  const refuse: Refuse = (api) => {
    for (const listener of listeners) listener(api);
    return new NetworkBlockedError(api);
  };
  const line = createLocalLine();
  // First, and not to be changed again: what the door has taken, the patches below pass over.
  const doors = door === undefined ? new Set<string>() : openDoor(door, refuse, fix);
  patchAll(refuse, doors);
  syncBuiltinESMExports();
  return line;
}

type Refuse = (api: string) => NetworkBlockedError;

/** @param doors names of functions that stay as they are */
function patchAll(refuse: Refuse, doors: ReadonlySet<string>): void {
  const throwing = (target: object, prefix: string, names: readonly string[]): void => {
    for (const name of names) {
      if (!doors.has(prefix + name)) replace(target, name, throwOnUse(refuse, prefix + name));
    }
  };
  const rejecting = (target: object, prefix: string, names: readonly string[]): void => {
    for (const name of names) replace(target, name, rejectOnUse(refuse, prefix + name));
  };

  throwing(net, 'net.', ['connect', 'createConnection']);
  // Under every client and server of Node, of TLS, HTTP, HTTP/2 or a pipe, there is one of these two. The modules above them
  // are left alone: to load them here would cost every process of ours a tenth of a second, and add nothing.
  throwing(net.Socket.prototype, 'net.Socket.', ['connect']);
  throwing(net.Server.prototype, 'net.Server.', ['listen', '_listen2']);
  throwing(net, 'net.', ['_createServerHandle']);
  throwing(dgram, 'dgram.', ['createSocket']);
  throwing(dgram.Socket.prototype, 'dgram.Socket.', ['bind', 'connect', 'send']);

  throwing(dns, 'dns.', queries(dns));
  throwing(dns.Resolver.prototype, 'dns.Resolver.', queries(dns.Resolver.prototype));
  rejecting(dns.promises, 'dns.promises.', queries(dns.promises));
  const promisedResolver = dns.promises.Resolver.prototype;
  rejecting(promisedResolver, 'dns.promises.Resolver.', queries(promisedResolver));

  rejecting(globalThis, '', ['fetch']);
  throwing(globalThis, '', ['WebSocket', 'EventSource']);

  // An inspector opened from inside listens on a port; so could whoever holds the raw handles.
  throwing(inspector, 'inspector.', ['open']);
  replace(process, 'binding', refuseSocketBindings(refuse));

  patchElectronNet(throwing, rejecting);
}

type PatchNames = (target: object, prefix: string, names: readonly string[]) => void;

/** `electron.net` uses Chromium's network service; in a utility process no session filter stands in its way. */
function patchElectronNet(throwing: PatchNames, rejecting: PatchNames): void {
  if (process.type !== 'browser' && process.type !== 'utility') return;
  const electron: unknown = createRequire(import.meta.url)('electron');
  const electronNet: unknown =
    typeof electron === 'object' && electron !== null ? Reflect.get(electron, 'net') : null;
  if (typeof electronNet !== 'object' || electronNet === null) return;
  throwing(electronNet, 'electron.net.', ['request']);
  rejecting(electronNet, 'electron.net.', ['fetch', 'resolveHost']);
}

/** Everything in a dns object that asks: found by name, so that a record type added by a later Node is found too. */
function queries(target: object): string[] {
  return Object.getOwnPropertyNames(target).filter(
    (name) => /^(lookup|resolve|reverse)/.test(name) && typeof Reflect.get(target, name) === 'function',
  );
}

/** A plain function, so that it also refuses when called with `new`. */
function throwOnUse(refuse: Refuse, api: string): () => never {
  return function refused(): never {
    throw refuse(api);
  };
}

/** Callers of an asynchronous API expect its failure in the promise. */
function rejectOnUse(refuse: Refuse, api: string): () => Promise<never> {
  return function refused(): Promise<never> {
    return Promise.reject(refuse(api));
  };
}

const socketBindings = new Set(['tcp_wrap', 'udp_wrap', 'pipe_wrap', 'cares_wrap']);

function refuseSocketBindings(refuse: Refuse): (name: string) => unknown {
  const original: unknown = Reflect.get(process, 'binding');
  return function binding(name: string): unknown {
    if (socketBindings.has(name)) throw refuse(`process.binding.${name}`);
    return typeof original === 'function' ? Reflect.apply(original, process, [name]) : undefined;
  };
}

function replace(target: object, name: string, value: unknown): void {
  // WebSocket and EventSource are not in every runtime.
  if (name in target) fix(target, name, value);
}

/** Not writable and not configurable: nobody puts the original back by assignment. */
function fix(target: object, name: string | symbol, value: unknown): void {
  const enumerable = Object.prototype.propertyIsEnumerable.call(target, name);
  // A `WebSocket` that is read or redefined first loads all of Node's HTTP; one that is deleted does not.
  Reflect.deleteProperty(target, name);
  Object.defineProperty(target, name, { value, enumerable, writable: false, configurable: false });
}
