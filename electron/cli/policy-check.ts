import { resolve } from 'node:path';
import { ok } from '../shared/result.ts';
import { viewPolicy } from '../vault/policy/policy-view.ts';
import type { Command } from './command.ts';
import { policyOfFolder, policyOfThisComputer } from './policy-state.ts';

export const policyCheck: Command = {
  name: 'policy check',
  summary: 'Tells whether the policy can be trusted, and what is in force with it.',
  explanation: [
    'Without --folder, the policy of this computer, checked with the key that this computer was enrolled with.',
    'An older policy that was put back is found out only when somebody signs in: the versions stand in the record.',
  ],
  values: [],
  options: [
    {
      name: 'folder',
      value: 'DIR',
      explanation: 'Check a folder that is being prepared; it may belong to this account.',
      needed: false,
    },
  ],
  run({ options }, deps) {
    const folder = options['folder'];
    const state =
      folder === undefined
        ? policyOfThisComputer(deps)
        : policyOfFolder(deps, resolve(deps.workingFolder, folder));
    const { policy } = state;
    const view = viewPolicy(policy, state.folder);
    const width = Math.max(...view.settings.map(({ name }) => name.length)) + 2;
    const found =
      policy.version === null
        ? 'There is no policy: every setting has its default.'
        : `Policy ${policy.version} of ${policy.organisation ?? ''}, SHA-256 ${policy.sha256 ?? ''}.`;
    return Promise.resolve(
      ok({
        passed: policy.problem === null,
        lines: [
          policy.problem?.message ?? found,
          '',
          ...view.settings.map(({ name, value, source }) => `${name.padEnd(width)}${value}  (${source})`),
        ],
        json: { ...view, problemCode: policy.problem?.code ?? null },
      }),
    );
  },
};
