import { setTimeout as wait } from 'node:timers/promises';
import type { ParentPort } from 'electron';
import { isAllowedHost } from '../links/download-hosts.ts';
import { toEgressSchema, type FromEgress } from '../links/egress-control.ts';
import { installNetworkGuard } from '../links/network-guard.ts';

/**
 * The egress process (an Electron utility process): the only one of ours that may connect to another computer. It is not
 * there unless an administrator has started a download that the policy allows; it knows one file of the catalogue and
 * the hosts to get it from, has no port to the vault or to the page, and ends with its job. The guard of every process
 * stands here too, with a door to those hosts.
 */
const exitCodes = { malformedMessage: 2, bug: 3 } as const;
/** Main ends the process when it has the last word; a main that does not is not waited for. */
const exitDelayMs = 1000;
/** The page draws no more often. */
const progressEveryMs = 250;

const parent: ParentPort = process.parentPort;
const post = (message: FromEgress): void => {
  parent.postMessage(message);
};
let hosts: readonly string[] = [];
installNetworkGuard({
  onBlocked: (api) => {
    post({ kind: 'network-blocked', api });
  },
  door: (hostName, port) => isAllowedHost(hosts, hostName, port),
});
// A bug ends the process, and says nothing: its words could name a person's folder.
process.on('uncaughtException', () => process.exit(exitCodes.bug));
process.on('unhandledRejection', () => process.exit(exitCodes.bug));

// After the guard, so that no module can keep an unguarded reference.
const { fetchFile, usualPace } = await import('./fetch-file.ts');
const { createSecureRequest } = await import('./secure-request.ts');

parent.once('message', ({ data }: { data: unknown }) => {
  const message = toEgressSchema.safeParse(data);
  if (!message.success) process.exit(exitCodes.malformedMessage);
  const { order } = message.data;
  ({ hosts } = order);
  void fetchFile(order, {
    request: createSecureRequest(order.authority),
    onProgress: atMostEvery(progressEveryMs, (bytes) => {
      post({ kind: 'progress', bytes });
    }),
    wait: (milliseconds) => wait(milliseconds),
    pace: usualPace,
  }).then((failure) => {
    post({ kind: 'ended', failure });
    setTimeout(() => process.exit(0), exitDelayMs);
  });
});

function atMostEvery(everyMs: number, act: (value: number) => void): (value: number) => void {
  let last = -Infinity;
  return (value) => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    act(value);
  };
}
