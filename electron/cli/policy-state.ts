import { readKeyring } from '../vault/keys/keyring-file.ts';
import { loadPolicy, type EffectivePolicy } from '../vault/policy/load-policy.ts';
import { policyLocation, type PolicyLocation } from '../vault/policy/policy-location.ts';
import type { CommandDeps } from './command.ts';

export type PolicyState = { readonly folder: string; readonly policy: EffectivePolicy };

/**
 * The policy as the app would load it at its start, before anybody signed in: the versions that were in force earlier
 * stand in the encrypted record, so an older policy that was put back is found out only there.
 */
export function policyOfThisComputer(deps: CommandDeps): PolicyState {
  const { facts } = deps;
  return load(deps, facts.policyFolder, pinnedKeyOf(deps));
}

/** The organisation's key of an enrolled computer. */
export function pinnedKeyOf({ facts }: CommandDeps): string | null {
  const keyring = readKeyring(facts.dataFolder);
  return keyring.ok ? (keyring.value?.keyring.organisationKey ?? null) : null;
}

/** @param development null: the place of the system */
export function locationOf(deps: CommandDeps, development: string | null): PolicyLocation {
  return policyLocation({
    platform: deps.platform,
    programData: deps.programData,
    development: development === null ? null : { folder: development, userId: deps.userId ?? 0 },
  });
}

/** A folder that IT prepares, perhaps for computers of another organisation; it may belong to this account. */
export function policyOfFolder(deps: CommandDeps, folder: string): PolicyState {
  return load(deps, folder, null);
}

function load(deps: CommandDeps, development: string | null, pinnedKey: string | null): PolicyState {
  const location = locationOf(deps, development);
  const policy = loadPolicy({ ...location, pinnedKey, highestSeenVersion: null });
  return { folder: location.folder, policy };
}
