/** Chromium switches of every start. None of them is trusted alone: session-policy.ts refuses the requests themselves. */
export const chromiumSwitches: readonly (readonly [name: string, value?: string])[] = [
  // No name is ever looked up, and in this Chromium no address in digits is accepted either. Should that change, every
  // request still goes to a proxy that has no address and fails before a socket is opened; so do the requests of
  // Chromium's own services, which no session sees.
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  ['proxy-server', 'http://no-network.invalid:9'],
  ['proxy-bypass-list', '<-loopback>'],
  ['disable-quic'],
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['no-pings'],
  // WebRTC looks names that end in .local up over multicast; the rules above only change the name that it asks for.
  ['disable-features', 'WebRtcHideLocalIpsWithMdns'],
];
