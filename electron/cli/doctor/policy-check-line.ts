import type { CommandDeps } from '../command.ts';
import { policyOfThisComputer } from '../policy-state.ts';
import type { Finding } from './finding.ts';

export function policyCheckLine(deps: CommandDeps): Finding {
  const { policy } = policyOfThisComputer(deps);
  const subject = 'policy';
  if (policy.problem !== null) return { subject, state: 'attention', sentence: policy.problem.message };
  const sentence =
    policy.version === null
      ? 'There is none: every setting has its default.'
      : `Version ${policy.version} of ${policy.organisation ?? ''} is in force.`;
  return { subject, state: 'ok', sentence };
}
