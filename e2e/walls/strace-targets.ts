/**
 * Reads what `strace` wrote about a run and finds every internet address that any of its processes, native code
 * included, named to the operating system. Not seen: what a process hands to the kernel over io_uring; libuv puts only
 * file and epoll work there.
 */

/** To be followed by the command. A filter in the kernel (`--seccomp-bpf`) keeps other system calls at full speed. */
export function straceCommand(traceFile: string): string[] {
  const calls = 'trace=connect,sendto,sendmsg,sendmmsg,bind';
  return ['strace', '-f', '--seccomp-bpf', '-yy', '-qq', '-o', traceFile, '-e', calls];
}

export type SocketTarget = {
  readonly call: string;
  readonly address: string;
  readonly port: number;
  /** What `-yy` says of the descriptor: `UDPv6`, `TCP` and so on; empty when strace could not tell. */
  readonly protocol: string;
};

const call = /^(?:\d+\s+)?(connect|sendto|sendmsg|sendmmsg|bind)\((?:\d+<([^:>]+)[^,]*>)?/;
const ipv4 = /sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/g;
const ipv6 = /sa_family=AF_INET6, sin6_port=htons\((\d+)\),[^}]*?inet_pton\(AF_INET6, "([^"]+)"/g;
const anyAddress = /sa_family=AF_INET6?\b/g;
/** The peer of a connected socket in `-yy` form: `TCP:[127.0.0.1:5->192.0.2.1:80]`. */
const peer = /<(?:TCP|UDP)(?:v6)?:\[[^\]>]*(?:\][^\]>]*)?->(\[[^\]]+\]|[^:\]]+):(\d+)\]>/;

export function parseSocketTargets(trace: string): SocketTarget[] {
  return trace.split('\n').flatMap((line) => {
    const found = call.exec(line);
    if (found === null) return [];
    const [, name = '', protocol = ''] = found;
    const target = (address: string, port: string): SocketTarget => ({
      call: name,
      address,
      port: Number(port),
      protocol,
    });
    const named = [...line.matchAll(ipv4), ...line.matchAll(ipv6)].map(([, port = '', address = '']) =>
      target(address, port),
    );
    // An address that strace did not spell out, in a line that was cut for example, is counted and not passed over.
    if (named.length < (line.match(anyAddress)?.length ?? 0)) named.push(target('not decoded', '0'));
    const connected = name === 'connect' || name === 'bind' ? null : peer.exec(line);
    if (connected !== null)
      named.push(target((connected[1] ?? '').replace(/^\[|\]$/g, ''), connected[2] ?? ''));
    return named;
  });
}

/** Names in the file system (or, after `@`, of Linux's own kind) at which somebody began to listen. */
export function boundNames(trace: string): string[] {
  // Within one line: a call that strace reports in two parts has no closing bracket in its first.
  const bind = /\bbind\(\d+<[^)\n]*?\{sa_family=AF_UNIX, sun_path=(@?)"([^"\n]*)"/g;
  return [...trace.matchAll(bind)].map(([, kind = '', name = '']) => kind + name);
}

/** What must be empty: every target that is not this machine itself, less the one probe described below. */
export function outsideTargets(targets: readonly SocketTarget[]): SocketTarget[] {
  return targets.filter((target) => !isLoopback(target.address) && !isIpv6Probe(target));
}

/** `0.0.0.0` and `::` are every interface of the machine, so they are not loopback. */
export function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1';
}

/**
 * Chromium asks the operating system whether it has a route to the IPv6 internet by connecting a UDP socket to this
 * address (net/dns/host_resolver_manager.cc). Connecting a UDP socket sends no packet, and nothing in Electron switches
 * the question off. Only the connect is let through: a send over such a socket is a target like any other.
 */
export function isIpv6Probe({ call, address, port, protocol }: SocketTarget): boolean {
  return call === 'connect' && protocol === 'UDPv6' && address === '2001:4860:4860::8888' && port === 443;
}
