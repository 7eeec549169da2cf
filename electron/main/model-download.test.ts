import { expect, it } from 'vitest';
import type { Child } from './child-process.ts';
import { createModelDownload, type DownloadReport } from './model-download.ts';

const order = {
  url: 'https://huggingface.co/a/b/resolve/c/d.gguf',
  hosts: ['huggingface.co'],
  authority: null,
  sizeBytes: 10,
  sha256: '0'.repeat(64),
  partPath: '/models/d.gguf.part',
};

/** Stands for the egress process. */
class RecordedEgress implements Child {
  readonly posted: unknown[] = [];
  killed = false;
  says: (message: unknown) => void = () => undefined;
  ends: (exitCode: number) => void = () => undefined;
  post(message: unknown): void {
    this.posted.push(message);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.says = listener;
  }
  onEnded(listener: (exitCode: number) => void): void {
    this.ends = listener;
  }
  kill(): void {
    this.killed = true;
  }
}

function world() {
  const processes: RecordedEgress[] = [];
  const told: DownloadReport[] = [];
  const download = createModelDownload(() => {
    const made = new RecordedEgress();
    processes.push(made);
    return made;
  });
  return {
    processes,
    told,
    download,
    start: () => {
      download.start(order, (report) => told.push(report));
    },
  };
}

it('there is no process before a download; then there is one, which is told of one file and nothing else', () => {
  const { processes, start } = world();
  expect(processes).toEqual([]);
  start();
  expect(processes.map(({ posted }) => posted)).toEqual([[{ kind: 'fetch', order }]]);
});

it('passes on what the process says, and ends it with its last word', () => {
  const { processes, told, start } = world();
  start();
  const [egress] = processes;
  egress?.says({ kind: 'progress', bytes: 4 });
  egress?.says({ kind: 'network-blocked', api: 'net.Socket.connect' });
  expect(egress?.killed).toBe(false);
  egress?.says({ kind: 'ended', failure: 'stalled' });
  egress?.says({ kind: 'progress', bytes: 5 });
  egress?.ends(0);
  expect(egress?.killed).toBe(true);
  expect(told).toEqual([
    { kind: 'download-progress', bytes: 4 },
    { kind: 'network-blocked', process: 'egress', api: 'net.Socket.connect' },
    { kind: 'download-ended', failure: 'stalled' },
  ]);
});

it('tells of a process that died, and ends one that speaks another language', () => {
  const { processes, told, start } = world();
  start();
  processes[0]?.ends(11);
  start();
  processes[1]?.says({ kind: 'progress', bytes: 'many' });
  expect(told).toEqual([
    { kind: 'download-ended', failure: 'interrupted' },
    { kind: 'download-ended', failure: 'interrupted' },
  ]);
  expect(processes[1]?.killed).toBe(true);
});

it('a download that is stopped or replaced is ended without a word', () => {
  const { processes, told, download, start } = world();
  start();
  start();
  expect(processes.map(({ killed }) => killed)).toEqual([true, false]);
  download.stop();
  download.stop();
  for (const egress of processes) egress.ends(9);
  expect([processes[1]?.killed, told]).toEqual([true, []]);
});
