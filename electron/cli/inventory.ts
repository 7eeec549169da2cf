import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ok } from '../shared/result.ts';
import { readKeyring } from '../vault/keys/keyring-file.ts';
import { downloadHosts } from '../vault/models/download-order.ts';
import { viewPolicy } from '../vault/policy/policy-view.ts';
import { approvedModelsHere } from './approved-models.ts';
import type { Command, CommandDeps } from './command.ts';
import { policyOfThisComputer } from './policy-state.ts';

export const inventory: Command = {
  name: 'inventory',
  summary: 'Tells what is installed: versions, approved models with SHA-256, policy, network endpoints.',
  explanation: ['Names no person and no patient. Meant to be collected with --json.'],
  values: [],
  options: [],
  async run(_, deps) {
    const json = await takeInventory(deps);
    const { versions, policy } = json;
    return ok({
      passed: true,
      lines: [
        ...Object.entries(versions).map(([name, version]) => `${name.padEnd(12)}${version ?? 'unknown'}`),
        `${'flavour'.padEnd(12)}${json.flavour}`,
        `${'policy'.padEnd(12)}${policy.problem ?? (policy.version === null ? 'none' : `version ${policy.version}`)}`,
        `${'approved by'.padEnd(12)}${json.modelsProblem ?? (json.modelsApprovedBy === 'app' ? 'the catalogue of this app' : 'models.note of the organisation')}`,
        `${'endpoints'.padEnd(12)}${json.endpoints.map(({ host }) => host).join(', ') || 'none'}`,
        ...json.models.map(
          ({ id, sha256, isPresent }) =>
            `${'model'.padEnd(12)}${id}  ${sha256}  ${isPresent ? 'present' : 'missing'}`,
        ),
      ],
      json,
    });
  },
};

async function takeInventory(deps: CommandDeps) {
  const { facts } = deps;
  const { policy, folder } = policyOfThisComputer(deps);
  const approved = approvedModelsHere(deps);
  const keyring = readKeyring(facts.dataFolder);
  const installed = keyring.ok ? (keyring.value?.keyring ?? null) : null;
  return {
    v: 1,
    flavour: facts.flavour,
    appSha256: await facts.appSha256(),
    versions: {
      app: facts.version,
      electron: process.versions['electron'] ?? null,
      chromium: process.versions['chrome'] ?? null,
      node: process.versions.node,
      'llama.cpp': llamaCppRelease(facts.enginePackage),
    },
    system: { platform: deps.platform, release: release(), architecture: arch() },
    installation:
      installed === null
        ? null
        : {
            installationId: installed.installationId,
            epoch: installed.epoch,
            generation: installed.generation,
            createdAt: installed.createdAt,
            deviceBinding: installed.device.mode,
            logVerifierKey: installed.log.verifierKey,
          },
    models: approved.models,
    modelsApprovedBy: approved.by,
    modelsProblem: approved.problem?.message ?? null,
    policy: { ...viewPolicy(policy, folder), problemCode: policy.problem?.code ?? null },
    /** Whatever Cloister may connect to, and for what. */
    endpoints: downloadHosts(policy.settings).map((host) => ({ host, purpose: 'model-download' })),
  };
}

const releaseSchema = z.object({ release: z.string().max(40) });

/** As the package of the engine states it; null where it does not. */
function llamaCppRelease(enginePackage: string): string | null {
  try {
    const path = join(enginePackage, 'llama', 'binariesGithubRelease.json');
    return releaseSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).release;
  } catch {
    return null;
  }
}
