import { describe, expect, it } from 'vitest';
import {
  boundNames,
  isLoopback,
  outsideTargets,
  parseSocketTargets,
  straceCommand,
} from './strace-targets.ts';

/** Lines as strace 6.1 wrote them for Electron 42, addresses of the machine replaced by documentation ones. */
const recorded = {
  resolver:
    '29243 connect(86<UDP:[1784]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 0',
  unfinished:
    '28846 connect(18<TCP:[178]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16 <unfinished ...>',
  unreachable:
    '30145 connect(25<TCP:[9]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 ENETUNREACH (Network is unreachable)',
  ipv6: '31 connect(25<TCPv6:[9]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
  probe:
    '27977 connect(17<UDPv6:[178462]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:4860:4860::8888", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>',
  probeSends:
    '27977 sendto(17<UDPv6:[[2001:db8::5]:40000->[2001:4860:4860::8888]:443]>, "x", 1, 0, NULL, 0) = 1',
  probeOverTcp:
    '27977 connect(17<TCPv6:[178462]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:4860:4860::8888", &sin6_addr), sin6_scope_id=0}, 28) = 0',
  everyInterface:
    '29283 bind(23<UDP:[1]>, {sa_family=AF_INET, sin_port=htons(28152), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
  loopback:
    '30 bind(9<TCP:[3]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
  datagram:
    '30 sendto(9<UDP:[3]>, "\\20\\0", 2, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 2',
  message:
    '30 sendmsg(9<UDP:[3]>, {msg_name={sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.7")}, msg_namelen=16, msg_iov=[{iov_base="x", iov_len=1}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 1',
  messages:
    '30 sendmmsg(9<UDP:[3]>, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, msg_namelen=16}, msg_len=1}, {msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.54")}, msg_namelen=16}, msg_len=1}], 2, 0) = 2',
  connected: '30 sendto(9<TCP:[192.0.2.9:50000->192.0.2.1:80]>, "GET", 3, 0, NULL, 0) = 3',
  cut: '30 connect(9<TCP:[3]>, {sa_family=AF_INET, ...}, 16) = 0',
  withoutDescriptor:
    '30 connect(9, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
  unix: '30 connect(9<UNIX-STREAM:[3]>, {sa_family=AF_UNIX, sun_path=@"/tmp/.X11-unix/X99"}, 20) = 0',
  netlink:
    '30 sendto(51<NETLINK:[ROUTE:27]>, [{nlmsg_len=17, nlmsg_type=RTM_GETADDR}, {ifa_family=AF_UNSPEC, ...}], 17, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 17',
  internal: '30 sendto(5<UNIX-STREAM:[1->2]>, "\\20\\0\\0\\0", 400, MSG_NOSIGNAL, NULL, 0) = 400',
  resumed: '30 <... connect resumed>)         = 0',
  other: '30 +++ exited with 0 +++',
} as const;

const outside = (name: keyof typeof recorded): string[] =>
  outsideTargets(parseSocketTargets(recorded[name])).map(
    (target) => `${target.call} ${target.address} ${String(target.port)}`,
  );

describe('the check of recorded system calls', () => {
  it.each([
    ['resolver', ['connect 192.0.2.53 53']],
    ['unfinished', ['connect 192.0.2.1 80']],
    ['unreachable', ['connect 192.0.2.1 80']],
    ['ipv6', ['connect 2001:db8::1 443']],
    ['probeSends', ['sendto 2001:4860:4860::8888 443']],
    ['probeOverTcp', ['connect 2001:4860:4860::8888 443']],
    ['everyInterface', ['bind 0.0.0.0 28152']],
    ['datagram', ['sendto 192.0.2.53 53']],
    ['message', ['sendmsg 192.0.2.7 443']],
    ['messages', ['sendmmsg 192.0.2.53 53', 'sendmmsg 192.0.2.54 53']],
    ['connected', ['sendto 192.0.2.1 80']],
    ['cut', ['connect not decoded 0']],
    ['withoutDescriptor', ['connect 192.0.2.1 80']],
  ] as const)('finds what leaves in the line called %s', (name, targets) => {
    expect(outside(name)).toEqual(targets);
  });

  it.each(['probe', 'loopback', 'unix', 'netlink', 'internal', 'resumed', 'other'] as const)(
    'finds nothing that leaves in the line called %s',
    (name) => {
      expect(outside(name)).toEqual([]);
    },
  );

  it('sees loopback targets too, so that a test can prove that it looked', () => {
    expect(parseSocketTargets(recorded.loopback)).toEqual([
      { call: 'bind', address: '127.0.0.1', port: 0, protocol: 'TCP' },
    ]);
  });

  it('reads a whole trace', () => {
    expect(outsideTargets(parseSocketTargets(Object.values(recorded).join('\n')))).toHaveLength(14);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['192.168.0.1', false],
    ['169.254.1.1', false],
    ['127.0.0.1.example', false],
    ['fe80::1', false],
    ['::ffff:10.0.0.1', false],
  ])('takes %s for loopback: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });

  it('asks strace for every call that can name an address, in all children', () => {
    expect(straceCommand('/t')).toEqual(
      expect.arrayContaining(['-f', '-o', '/t', 'trace=connect,sendto,sendmsg,sendmmsg,bind']),
    );
  });
});

it('finds every name at which somebody listens', () => {
  const trace = [
    recorded.unix,
    '31 bind(9<UNIX-STREAM:[3]>, {sa_family=AF_UNIX, sun_path="/home/a/control.sock"}, 22) = 0',
    '32 bind(9<UNIX-STREAM:[3]>, {sa_family=AF_UNIX, sun_path=@"/tmp/dbus-x"}, 20) = 0',
    '33 bind(9<TCP:[3]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
    '34 bind(9<NETLINK:[ROUTE:3]>, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12 <unfinished ...>',
    '35 connect(8<UNIX-STREAM:[4]>, {sa_family=AF_UNIX, sun_path="/run/dbus/system_bus_socket"}, 30) = -1 ENOENT',
  ].join('\n');
  expect(boundNames(trace)).toEqual(['/home/a/control.sock', '@/tmp/dbus-x']);
});
