export type ProbeOutcome = {
  /** Names of objects that could open a connection past the content policy. */
  readonly objects: readonly string[];
  readonly candidates: readonly string[];
};

/**
 * What a script under somebody's control would try: a peer connection with a data channel that asks servers given by address
 * and by name, and is told of peers by address, by name and by a `.local` name. Runs in a page, so it uses nothing from
 * outside of its body. `waitMs` is given to Chromium to gather.
 */
export async function tryWebRtc(from: 'page' | 'frame', waitMs: number): Promise<ProbeOutcome> {
  let home: typeof globalThis = globalThis;
  if (from === 'frame') {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    home = frame.contentWindow as unknown as typeof globalThis;
  }
  const objects = Object.getOwnPropertyNames(home).filter((name) => /RTC|WebTransport/i.test(name));
  const candidates: string[] = [];
  if (!('RTCPeerConnection' in home)) return { objects, candidates };

  const iceServers = [
    { urls: 'stun:192.0.2.7:3478' },
    { urls: 'stun:stun.planted.invalid:3478' },
    { urls: 'turn:192.0.2.8:3478?transport=tcp', username: 'x', credential: 'x' },
  ];
  const [one, other] = [new home.RTCPeerConnection({ iceServers }), new home.RTCPeerConnection()];
  one.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) candidates.push(candidate.candidate);
  };
  one.createDataChannel('planted');
  await one.setLocalDescription(await one.createOffer());
  await other.setRemoteDescription(one.localDescription as RTCSessionDescription);
  await other.setLocalDescription(await other.createAnswer());
  await one.setRemoteDescription(other.localDescription as RTCSessionDescription);
  const peers = [
    'udp 1 192.0.2.9 40000 typ host',
    'udp 1 0f0f0f0f-1111-4222-8333-444444444444.local 40000 typ host',
  ];
  for (const peer of [...peers, 'tcp 1 192.0.2.9 40000 typ host tcptype passive'])
    await one
      .addIceCandidate({ candidate: `candidate:1 1 ${peer}`, sdpMid: '0', sdpMLineIndex: 0 })
      .catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return { objects, candidates };
}
