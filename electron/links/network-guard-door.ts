import dns from 'node:dns';
import net from 'node:net';

/** Whether a socket may be opened to this host: a name, or an address where one was asked for by its address. */
export type Door = (hostName: string, port: number) => boolean;

type Refuse = (api: string) => Error;
type Fix = (target: object, name: string, value: unknown) => void;

/**
 * Lets one way out of the network guard, for the egress process: a socket to a host of the door, as TLS and so HTTPS make them.
 * Each is held to the door here, whatever address its caller believes to have checked; only then the host's name is looked
 * up. Everything else stays refused: servers, datagrams, `fetch`, Node's plain HTTP, Unix sockets, other look-ups.
 *
 * @returns the names of the functions that are the way out
 */
export function openDoor(door: Door, refuse: Refuse, fix: Fix): ReadonlySet<string> {
  const connect: unknown = Reflect.get(net.Socket.prototype, 'connect');
  const lookup: unknown = Reflect.get(dns, 'lookup');
  /** Hosts that the door has let through. */
  const names = new Set<unknown>();
  function heldConnect(this: net.Socket, ...input: readonly unknown[]): unknown {
    const { host, port, path } = addressIn(input);
    // A path goes before host and port, and leads to a Unix socket; Node's own HTTPS gives null.
    if (typeof host !== 'string' || (path ?? '') !== '' || !door(host, Number(port)))
      throw refuse('net.Socket.connect');
    names.add(host);
    return call(connect, this, input);
  }
  function heldLookup(...input: readonly unknown[]): unknown {
    if (!names.has(input[0])) throw refuse('dns.lookup');
    return call(lookup, dns, input);
  }
  fix(net.Socket.prototype, 'connect', heldConnect);
  fix(dns, 'lookup', heldLookup);
  return new Set(['net.Socket.connect', 'dns.lookup']);
}

type Address = { readonly host?: unknown; readonly port?: unknown; readonly path?: unknown };

/** Node itself hands its options over alone or as the first of a list; a port or a path alone names no host. */
function addressIn([first]: readonly unknown[]): Address {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  return typeof options === 'object' && options !== null ? options : {};
}

function call(original: unknown, target: object, input: readonly unknown[]): unknown {
  if (typeof original !== 'function') throw new Error('there is nothing to call');
  return Reflect.apply(original, target, input);
}
