import type { EffectivePolicyView, PolicyForPage } from '../../shared/policy-data.ts';
import type { EffectivePolicy } from './load-policy.ts';
import { explainSetting, policySettingNames } from './policy-settings.ts';

/**
 * What anybody at the sign-in screen may know of the policy.
 * @param minimumCharacters of a new passphrase: more than the policy's where there is no keychain
 */
export function policyForPage(
  { settings, problem }: EffectivePolicy,
  minimumCharacters: number,
): PolicyForPage {
  return {
    minimumCharacters,
    idleLockMinutes: settings.idleLockMinutes,
    secondFactorRequired: settings.secondFactor === 'required',
    recordVisibility: settings.recordVisibility,
    auditorReadsText: settings.auditorReadsText,
    problem: problem?.message ?? null,
  };
}

/** Every setting with its value, where that comes from and what it decides. */
export function viewPolicy(policy: EffectivePolicy, folder: string): EffectivePolicyView {
  return {
    version: policy.version,
    sha256: policy.sha256,
    organisation: policy.organisation,
    folder,
    problem: policy.problem?.message ?? null,
    settings: policySettingNames.map((name) => ({
      name,
      value: policy.settings[name],
      source: policy.sources[name],
      explanation: explainSetting(name),
    })),
  };
}
