/** What this process may use of the processor, from the system's own files. Linux only; elsewhere most facts are null. */
export type CpuFacts = {
  readonly model: string;
  /** What the system says this process can run at once; at least 1. */
  readonly availableParallelism: number;
  /** Numbers of the logical processors that this process may run on. */
  readonly allowedCpus: readonly number[] | null;
  /** Processors' worth of time that the control group allows, for example 1.5; null without a limit. */
  readonly quotaCpus: number | null;
  /** Distinct physical cores among the allowed processors. */
  readonly physicalCores: number | null;
};

/** Content of a text file, or null if it cannot be read. */
export type ReadText = (path: string) => string | null;

/** `0-3,8,10-11` to its numbers. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
      if (match === null) return [];
      const first = Number(match[1]);
      const last = Number(match[2] ?? match[1]);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    });
}

function parseAllowedCpus(status: string | null): number[] | null {
  const match = status === null ? null : /^Cpus_allowed_list:\s*(\S+)$/m.exec(status);
  const cpus = match?.[1] === undefined ? [] : parseCpuList(match[1]);
  return cpus.length > 0 ? cpus : null;
}

function ratio(quota: string | undefined, period: string | undefined): number | null {
  const value = Number(quota) / Number(period);
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** The folder and all folders above it: a limit anywhere on the way up binds. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return Array.from(
    { length: parts.length + 1 },
    (_, index) => `/${parts.slice(0, parts.length - index).join('/')}`,
  );
}

const joined = (...parts: string[]): string => parts.join('/').replace(/\/{2,}/g, '/');

function quotaOfVersion2(read: ReadText, folder: string): number | null {
  const [quota, period] = (read(joined(folder, 'cpu.max')) ?? '').trim().split(/\s+/);
  return quota === 'max' ? null : ratio(quota, period);
}

function quotaOfVersion1(read: ReadText, folder: string): number | null {
  return ratio(
    read(joined(folder, 'cpu.cfs_quota_us'))?.trim(),
    read(joined(folder, 'cpu.cfs_period_us'))?.trim(),
  );
}

/** Smallest limit of the control groups (version 2 or 1) that this process is in. */
function readQuota(read: ReadText): number | null {
  const limits: (number | null)[] = [];
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const match = /^\d+:([^:]*):(.+)$/.exec(line);
    const controllers = match?.[1];
    const path = match?.[2];
    if (controllers === undefined || path === undefined) continue;
    for (const folder of upwards(path)) {
      if (controllers === '') limits.push(quotaOfVersion2(read, joined('/sys/fs/cgroup', folder)));
      // Version 1 mounts the controller under its own name or under the whole list of names.
      else if (controllers.split(',').includes('cpu')) {
        limits.push(quotaOfVersion1(read, joined('/sys/fs/cgroup', controllers, folder)));
        limits.push(quotaOfVersion1(read, joined('/sys/fs/cgroup/cpu', folder)));
      }
    }
  }
  const set = limits.filter((limit) => limit !== null);
  return set.length > 0 ? Math.min(...set) : null;
}

function countPhysicalCores(read: ReadText, cpus: readonly number[]): number | null {
  const siblings = cpus.map((cpu) => {
    const topology = `/sys/devices/system/cpu/cpu${cpu}/topology`;
    return (read(`${topology}/core_cpus_list`) ?? read(`${topology}/thread_siblings_list`))?.trim() ?? null;
  });
  return siblings.includes(null) ? null : new Set(siblings).size;
}

export function readCpuFacts(deps: {
  readonly readText: ReadText;
  readonly availableParallelism: number;
  readonly model: string;
}): CpuFacts {
  const allowedCpus = parseAllowedCpus(deps.readText('/proc/self/status'));
  return {
    model: deps.model,
    availableParallelism: Math.max(1, deps.availableParallelism),
    allowedCpus,
    quotaCpus: readQuota(deps.readText),
    physicalCores: allowedCpus === null ? null : countPhysicalCores(deps.readText, allowedCpus),
  };
}

/**
 * Threads that can really run at once. The engine's threads wait for each other by spinning: one thread more than there
 * are cores (or quota) makes it tens of times slower, so every limit is rounded down.
 * `mathCores` is llama.cpp's own count, used where the system's files say nothing.
 */
export function usableThreads(facts: CpuFacts, mathCores: number): number {
  const limits = [facts.availableParallelism, facts.physicalCores ?? mathCores];
  if (facts.allowedCpus !== null) limits.push(facts.allowedCpus.length);
  if (facts.quotaCpus !== null) limits.push(Math.floor(facts.quotaCpus));
  return Math.max(1, Math.min(...limits));
}
