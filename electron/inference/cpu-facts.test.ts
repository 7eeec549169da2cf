import { describe, expect, test } from 'vitest';
import { parseCpuList, readCpuFacts, usableThreads, type CpuFacts } from './cpu-facts.ts';

const model = 'Intel(R) Xeon(R) Processor';

function facts(files: Record<string, string>, availableParallelism = 8): CpuFacts {
  return readCpuFacts({ readText: (path) => files[path] ?? null, availableParallelism, model });
}

/** Lines of /proc/self/status around the one that counts. */
const status = (allowed: string): string =>
  `Name:\tcat\nState:\tR (running)\nThreads:\t1\nCpus_allowed:\tff\nCpus_allowed_list:\t${allowed}\nMems_allowed_list:\t0\n`;

function siblings(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((list, cpu) => [`/sys/devices/system/cpu/cpu${cpu}/topology/core_cpus_list`, `${list}\n`]),
  );
}

const hyperthreaded = siblings(['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7']);

/** As under Docker with `--cpus 1.5`, control groups version 2 in a namespace of their own. */
const docker = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' };

/** As in a systemd user session: the limit stands two folders above the process. */
const slice = {
  '/proc/self/cgroup': '0::/user.slice/user-1000.slice/session-2.scope\n',
  '/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/cpu.max': 'max 100000\n',
  '/sys/fs/cgroup/user.slice/cpu.max': '300000 100000\n',
};

/** As on a machine with version 1 groups, where the controller is mounted under both names. */
const version1 = {
  '/proc/self/cgroup': '9:memory:/docker/ab12\n4:cpu,cpuacct:/docker/ab12\n1:name=systemd:/\n0::/\n',
  '/sys/fs/cgroup/cpu,cpuacct/docker/ab12/cpu.cfs_quota_us': '-1\n',
  '/sys/fs/cgroup/cpu,cpuacct/docker/ab12/cpu.cfs_period_us': '100000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '400000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
};

test('a processor list names ranges and single processors', () => {
  expect([parseCpuList('0-3\n'), parseCpuList('0,2-3,8'), parseCpuList('5'), parseCpuList('')]).toEqual([
    [0, 1, 2, 3],
    [0, 2, 3, 8],
    [5],
    [],
  ]);
});

describe('what the system says', () => {
  test('without any limit every processor counts and there is no quota', () => {
    expect(
      facts({
        '/proc/self/status': status('0-7'),
        ...hyperthreaded,
        '/sys/fs/cgroup/cpu.max': 'max 100000\n',
      }),
    ).toEqual({
      model,
      availableParallelism: 8,
      allowedCpus: [0, 1, 2, 3, 4, 5, 6, 7],
      quotaCpus: null,
      physicalCores: 4,
    });
  });

  test('an affinity to both halves of one core is one physical core', () => {
    expect(facts({ '/proc/self/status': status('1,5'), ...hyperthreaded }, 2)).toMatchObject({
      allowedCpus: [1, 5],
      physicalCores: 1,
    });
  });

  test.each([
    ['a container', docker, 1.5],
    ['a slice above the process', slice, 3],
    ['version 1 groups', version1, 4],
  ])('the quota of %s is found', (_, files, quota) => {
    expect(facts(files).quotaCpus).toBe(quota);
  });

  test('where the files do not exist, only the parallelism is known', () => {
    expect(facts({}, 10)).toEqual({
      model,
      availableParallelism: 10,
      allowedCpus: null,
      quotaCpus: null,
      physicalCores: null,
    });
  });
});

describe('threads that can run at once', () => {
  const free: CpuFacts = {
    model,
    availableParallelism: 8,
    allowedCpus: [0, 1, 2, 3, 4, 5, 6, 7],
    quotaCpus: null,
    physicalCores: 4,
  };
  test.each([
    ['the physical cores, not the logical ones', free, 8, 4],
    ['the affinity', { ...free, allowedCpus: [0, 1], availableParallelism: 2, physicalCores: 2 }, 8, 2],
    ['the whole processors of a quota', { ...free, quotaCpus: 2.5 }, 8, 2],
    ['at least one, even with half a processor', { ...free, quotaCpus: 0.5 }, 8, 1],
    [
      'the engine\u2019s count where the cores are unknown',
      { ...free, allowedCpus: null, physicalCores: null },
      6,
      6,
    ],
  ])('%s', (_, given, mathCores, threads) => {
    expect(usableThreads(given, mathCores)).toBe(threads);
  });
});
