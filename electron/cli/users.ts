import { ok } from '../shared/result.ts';
import { roleNames } from '../shared/role-names.ts';
import type { Command } from './command.ts';
import { readInstalledKeyring } from './installation.ts';

export const users: Command = {
  name: 'users',
  summary: 'Lists the accounts of this installation: id, role, state and name.',
  explanation: [
    'Reads the key file and nothing else. Names and roles stand there in the clear, and whether somebody edited them shows',
    'only when the record is opened.',
  ],
  values: [],
  options: [],
  run(_, { facts }) {
    const read = readInstalledKeyring(facts.dataFolder);
    if (!read.ok) return Promise.resolve(read);
    const { keyring, notice } = read.value;
    const accounts = keyring.users.map(({ userId, displayName, role, state }) => ({
      userId,
      displayName,
      role,
      state,
    }));
    return Promise.resolve(
      ok({
        passed: true,
        lines: [
          ...(notice === null ? [] : [notice, '']),
          ...accounts.map(
            ({ userId, displayName, role, state }) =>
              `${userId}  ${roleNames[role].padEnd(18)}  ${state.padEnd(9)}  ${displayName}`,
          ),
        ],
        json: {
          installationId: keyring.installationId,
          generation: keyring.generation,
          notice,
          users: accounts,
        },
      }),
    );
  },
};
