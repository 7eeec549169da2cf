import { fromEgressSchema, type DownloadOrder, type ToEgress } from '../links/egress-control.ts';
import type { ToVault } from '../links/vault-control.ts';
import type { Child } from './child-process.ts';

/** What the vault is told of a download. */
export type DownloadReport = Extract<
  ToVault,
  { kind: 'download-progress' | 'download-ended' | 'network-blocked' }
>;

/**
 * The egress process and its line. It is there from the vault's order to the end of the download, and at no other time:
 * whatever becomes of it, it is ended here. Of one that dies, what has come is kept, as after a broken line.
 */
export type ModelDownload = {
  /** A download that runs is ended first; the vault asks for one at a time. */
  start(order: DownloadOrder, tell: (report: DownloadReport) => void): void;
  stop(): void;
};

export function createModelDownload(startEgress: () => Child): ModelDownload {
  let running: { readonly child: Child; readonly tell: (report: DownloadReport) => void } | null = null;

  function end(report: DownloadReport | null): void {
    if (running === null) return;
    const { child, tell } = running;
    running = null;
    child.kill();
    if (report !== null) tell(report);
  }

  function receive(child: Child, message: unknown): void {
    if (running?.child !== child) return;
    const parsed = fromEgressSchema.safeParse(message);
    // A process that speaks another language is none that should hold a socket.
    if (!parsed.success) end({ kind: 'download-ended', failure: 'interrupted' });
    else if (parsed.data.kind === 'progress') running.tell({ ...parsed.data, kind: 'download-progress' });
    else if (parsed.data.kind === 'network-blocked') running.tell({ ...parsed.data, process: 'egress' });
    else end({ ...parsed.data, kind: 'download-ended' });
  }

  return {
    start(order, tell) {
      end(null);
      const child = startEgress();
      running = { child, tell };
      child.onMessage((message) => {
        receive(child, message);
      });
      child.onEnded(() => {
        if (running?.child === child) end({ kind: 'download-ended', failure: 'interrupted' });
      });
      child.post({ kind: 'fetch', order } satisfies ToEgress);
    },
    stop: () => {
      end(null);
    },
  };
}
