import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { turnIdSchema } from '../../shared/ids.ts';
import { writeBundle, type BundleFacts } from './bundle.ts';
import { publicKeyOf } from './ed25519.ts';
import type { LeafData } from './leaf.ts';
import { logKeyHash } from './log-key.ts';
import { createLogFixture, type LogFixture } from './log-fixture.ts';
import { compareVerifiers, type VerifierRun } from './other-verifiers.ts';
import { verifierKeyFor } from './signed-note.ts';

/** A log with a first leaf, turns, texts and a kept checkpoint, as the vault would have written it; all of it is made up. */
export type BundleFixture = LogFixture & {
  facts(change?: Partial<BundleFacts>): BundleFacts;
  /** Appends one request and its answer: two leaves, five texts less the file's. */
  appendTurn(turn: string): void;
  appendCopies(count: number): void;
  /** @returns the path of a bundle of the whole log */
  write(name: string, change?: Partial<BundleFacts>): Promise<string>;
};

const model = 'ab'.repeat(32);

export function createBundleFixture(): BundleFixture {
  const log = createLogFixture();
  const facts = (change: Partial<BundleFacts> = {}): BundleFacts => ({
    origin: log.origin,
    verifierKey: verifierKeyFor(log.origin, log.logSeed),
    logSeed: log.logSeed,
    size: log.log.size(),
    clinicalText: 'included',
    selection: null,
    recipients: [],
    appVersion: '0.1.0',
    versions: { electron: '42.0.0' },
    model: { id: 'made-up-model', sha256: model },
    policy: null,
    flavour: 'development',
    ...change,
  });
  const from = { actor: log.actor, session: log.session, patient: null };
  log.log.append({
    ...from,
    type: 'log.created',
    outcome: 'success',
    data: { origin: log.origin, logKey: logKeyHash(log.logSeed), epoch: 0 },
    texts: { organisationName: 'Made-up Clinic' },
  });
  return {
    ...log,
    facts,
    appendTurn(turn) {
      const intent = log.log.append({
        ...from,
        type: 'prompt.submitted',
        outcome: 'success',
        data: promptData(turn),
        texts: { system: 'Summarise.', prompt: `Made-up note of turn ${turn}: äöü, 𝛼, "quoted".` },
      });
      log.log.append({
        ...from,
        type: 'response.completed',
        outcome: 'success',
        data: { ...endData, turn: turnIdSchema.parse(turn), intent: intent.seq },
        texts: { response: 'A made-up answer.\nIn two lines.' },
      });
    },
    appendCopies(count) {
      for (let n = 0; n < count; n += 1) {
        log.clock.set(log.clock.nowMs() + 1000);
        log.log.append({
          ...from,
          type: 'clipboard.copied',
          outcome: 'success',
          data: { turn: null, characters: n },
          texts: { copied: `copy ${n}` },
        });
      }
    },
    async write(name, change) {
      const path = join(log.folder, name);
      await writeBundle(facts(change), log.reader, path, () => undefined);
      return path;
    },
  };
}

function promptData(turn: string): LeafData<'prompt.submitted'> {
  return {
    turn: turnIdSchema.parse(turn),
    task: 'visit-summary',
    template: { id: 'visit-summary', version: 1 },
    regenerates: null,
    model,
    modelId: 'made-up-model',
    engine: '1.0.0',
    llamaCpp: 'b1',
    sampler: { temperature: 0.2, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1.1, seed: 7 },
    contextTokens: 2048,
    reservedAnswerTokens: 256,
    maxAnswerTokens: 512,
    destination: 'local',
  };
}

const endData: Omit<LeafData<'response.completed'>, 'turn' | 'intent'> = {
  reason: 'end-of-answer',
  code: null,
  deltas: 2,
  answerTokens: 9,
  timeToFirstTokenMs: 12,
  generationMs: 80,
  coverage: {
    promptTokens: 30,
    evaluatedPromptTokens: 30,
    contextTokens: 2048,
    overByTokens: 0,
    complete: true,
  },
};

const verifier = resolve(import.meta.dirname, '../../auditor-kit/verify.mjs');

/** Runs the stand-alone verifier as an auditor would, in a process of its own; the others must give the same answer. */
export function runVerifier(...words: readonly string[]): VerifierRun {
  const run = spawnSync(process.execPath, [verifier, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  const ours = { exitCode: run.status, out: run.stdout, problems: run.stderr };
  compareVerifiers(words, ours);
  return ours;
}

/** @returns the raw public key of the fixture's log */
export function publicKeyOfLog(fixture: LogFixture): Uint8Array {
  return publicKeyOf(fixture.logSeed);
}
