import { ok } from '../shared/result.ts';
import type { Command } from './command.ts';
import { coreDumpCheck } from './doctor/core-dump-check.ts';
import { databaseCheck, freeSpaceCheck } from './doctor/disk-checks.ts';
import { filePermissionsCheck, folderCheck } from './doctor/folder-checks.ts';
import { keychainCheck } from './doctor/keychain-check.ts';
import { keyringCheck } from './doctor/keyring-check.ts';
import { policyCheckLine } from './doctor/policy-check-line.ts';

const stateNames = { ok: 'ok', attention: 'attention', 'not-checked': 'not checked' } as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks at this installation from outside and says what needs attention.',
  explanation: [
    'Reads files and settings only: data folder, key file, record file, keychain, policy, disk, core dumps.',
    'Each line is "ok", "attention" with what to do, or "not checked" where this system does not tell. Exit code 1 with any attention.',
  ],
  values: [],
  options: [],
  async run(_, deps) {
    const findings = [
      folderCheck(deps),
      filePermissionsCheck(deps),
      keyringCheck(deps),
      databaseCheck(deps),
      await keychainCheck(deps),
      policyCheckLine(deps),
      freeSpaceCheck(deps),
      coreDumpCheck(deps),
    ];
    return ok({
      passed: findings.every(({ state }) => state !== 'attention'),
      lines: findings.map(
        ({ subject, state, sentence }) => `${stateNames[state].padEnd(13)}${subject.padEnd(18)}${sentence}`,
      ),
      json: { v: 1, findings },
    });
  },
};
