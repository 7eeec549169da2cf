import type { FromVault } from '../../links/vault-control.ts';
import type { WritableDatabase } from '../database/open-database.ts';
import { loadPolicy, type EffectivePolicy } from '../policy/load-policy.ts';
import type { PolicyLocation } from '../policy/policy-location.ts';
import type { OpenSession } from './open-session.ts';
import { recordEvent } from './record-event.ts';

/**
 * The policy of this run. It is read once at the start; the versions that were in force before stand in the encrypted
 * database, so an old one that somebody put back is found out as soon as the record is open.
 */
export type PolicyInForce = {
  current(): EffectivePolicy;
  /** As bundles name it; null: none is in force. */
  named(): { readonly version: number; readonly sha256: string } | null;
  /** Looks again with what the open record knows, and records the policy if it is not the one of last time. */
  settle(open: OpenSession): void;
};

type Applied = {
  readonly sha256: string | null;
  readonly version: number | null;
  readonly highestVersion: number | null;
  readonly problem: string | null;
};

/** @param pinnedKey the organisation's key of an enrolled computer */
export function createPolicyInForce(
  deps: {
    readonly location: PolicyLocation;
    readonly first: { readonly policy: EffectivePolicy };
    readonly post: (message: FromVault) => void;
  },
  pinnedKey: () => string | null,
): PolicyInForce {
  const load = (highestSeenVersion: number | null): EffectivePolicy =>
    loadPolicy({ ...deps.location, pinnedKey: pinnedKey(), highestSeenVersion });
  let { policy } = deps.first;
  const tell = (): void => {
    deps.post({ kind: 'screen-capture', allowed: policy.settings.screenCapture === 'allowed' });
  };
  tell();

  return {
    current: () => policy,
    named: () => {
      const { version, sha256 } = policy;
      return version === null || sha256 === null ? null : { version, sha256 };
    },
    settle(open) {
      const before = readApplied(open.database);
      policy = load(before?.highestVersion ?? null);
      tell();
      const { sha256, version, note } = policy;
      const problem = policy.problem?.code ?? null;
      const unchanged =
        before === null
          ? sha256 === null && problem === null
          : before.sha256 === sha256 && before.problem === problem;
      if (unchanged) return;
      recordEvent(open, {
        type: 'policy.applied',
        outcome: problem === null ? 'success' : 'attention',
        data: { version, sha256, problem },
        texts: note === null ? {} : { policy: note },
      });
      const highest = Math.max(version ?? 0, before?.highestVersion ?? 0);
      writeApplied(open.database, {
        sha256,
        version,
        problem,
        highestVersion: highest === 0 ? null : highest,
      });
    },
  };
}

function readApplied(database: WritableDatabase): Applied | null {
  return (
    database
      .prepare<[], Applied>(
        'SELECT sha256, version, highest_version AS highestVersion, problem FROM applied_policy',
      )
      .get() ?? null
  );
}

function writeApplied(database: WritableDatabase, applied: Applied): void {
  database
    .prepare<[string | null, number | null, number | null, string | null], never>(
      `INSERT INTO applied_policy (only_row, sha256, version, highest_version, problem) VALUES (1, ?, ?, ?, ?)
       ON CONFLICT (only_row) DO UPDATE SET sha256 = excluded.sha256, version = excluded.version,
         highest_version = excluded.highest_version, problem = excluded.problem`,
    )
    .run(applied.sha256, applied.version, applied.highestVersion, applied.problem);
}
