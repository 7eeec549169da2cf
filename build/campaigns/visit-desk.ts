import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readCpuFacts } from '../../electron/inference/cpu-facts.ts';
import { createEngine } from '../../electron/inference/engine.ts';
import { importNodeLlamaCpp } from '../../electron/inference/node-llama-cpp.ts';
import { runInference } from '../../electron/inference/run-inference.ts';
import { patientReferenceSchema } from '../../electron/shared/request-parts.ts';
import { userIdSchema } from '../../electron/shared/ids.ts';
import type { TurnEnd } from '../../electron/shared/turn-contract.ts';
import { clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { checkout } from '../setup/cache-folder.mjs';
import { createCampaignInstallation } from './crash-installation.ts';
import { catalogueFile, valueOf } from './desk.ts';
import { startVaultChild, type VaultChild } from './vault-child.ts';

/** A desk with the built vault behind it and a real model: no page, and nothing else is played. */
export type VisitDesk = {
  /** The SOAP task, in parts where the source does not fit. @returns what came of it, as recorded */
  soapNote(visit: string, source: string): Promise<WrittenNote>;
  /** Data of the leaf with this number. */
  leafData(entry: number): Promise<Record<string, unknown>>;
  close(): Promise<void>;
};

export type WrittenNote = {
  readonly text: string;
  readonly end: TurnEnd;
  /** In which the source was worked through; 1: in one go. */
  readonly parts: number;
  readonly elapsedMs: number;
};

export async function openVisitDesk(modelPath: string, contextTokens: number): Promise<VisitDesk> {
  const order = { vaultProcess: join(checkout, 'out/main/vault-process.js'), plant: null };
  const { folder } = await createCampaignInstallation(order);
  await approve(folder, modelPath, contextTokens);

  const ended = new Map<string, (end: TurnEnd) => void>();
  const shown = new Map<string, string>();
  const ready = Promise.withResolvers<void>();
  let toModel: (message: unknown) => void = () => undefined;
  const vault: VaultChild = startVaultChild(
    { folder, order },
    {
      onEvent: (event) => {
        if (event.event === 'turn.delta')
          shown.set(event.turnId, `${shown.get(event.turnId) ?? ''}${event.text}`);
        if (event.event === 'turn.ended') ended.get(event.end.turnId)?.(event.end);
        if (event.event !== 'model.status') return;
        if (event.status.state === 'ready') ready.resolve();
        if (event.status.state === 'failed') ready.reject(new Error(event.status.error.message));
      },
      onMain: () => undefined,
      onModel: (message) => {
        toModel(message);
      },
    },
  );
  const closePort = startModel(vault, (listener) => {
    toModel = listener;
  });
  const state = await valueOf(vault.ask('app.getState', {}));
  const clinician = state.users.find(({ role }) => role === 'clinician');
  const userId = userIdSchema.parse(clinician?.userId);
  await valueOf(vault.ask('session.signIn', { userId, passphrase: clinicianPassphrase }));
  await ready.promise;

  return {
    soapNote: async (visit, sourceText) => {
      // Somebody sits there: the desk locks itself otherwise, in the middle of a campaign.
      await valueOf(vault.ask('session.activity', {}));
      const asked = { taskId: 'soap-note', sourceText, question: '' } as const;
      const fit = await valueOf(vault.ask('source.measure', asked));
      if (fit === null || fit.parts === null) throw new Error('the model cannot work through this source');
      const startedAt = performance.now();
      const { turnId } = await valueOf(
        vault.ask('chat.sendPrompt', {
          ...asked,
          patientReference: patientReferenceSchema.parse(`SYN-${visit}`),
          regenerates: null,
          inParts: fit.parts > 1,
        }),
      );
      const end = await new Promise<TurnEnd>((resolve, reject) => {
        ended.set(turnId, resolve);
        void vault.ended.then(() => reject(new Error('the vault has ended')), reject);
      });
      const elapsedMs = performance.now() - startedAt;
      const { text } = await valueOf(vault.ask('chat.reread', { turnId }));
      if (text !== shown.get(turnId)) throw new Error('the record holds another answer than was shown');
      await valueOf(vault.ask('source.release', {}));
      return { text, end, parts: fit.parts, elapsedMs };
    },
    leafData: async (entry) => {
      const { leafJson } = await valueOf(vault.ask('log.open', { entry: entry as never }));
      return (JSON.parse(leafJson) as { data: Record<string, unknown> }).data;
    },
    close: async () => {
      vault.tell({ kind: 'stop' });
      await vault.ended;
      closePort();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The engine as the inference process has it, in this process, on the vault's own model line. */
function startModel(vault: VaultChild, listen: (listener: (message: unknown) => void) => void): () => void {
  const cpu = readCpuFacts({
    readText: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null),
    availableParallelism: availableParallelism(),
    model: cpus()[0]?.model ?? '',
  });
  const engine = createEngine({
    importNodeLlamaCpp,
    platform: process.platform,
    cpu,
    totalMemoryBytes: totalmem(),
    now: () => performance.now(),
  });
  let onClose: () => void = () => undefined;
  const port = {
    postMessage: (message: unknown) => {
      vault.say(message as never);
    },
    onMessage: listen,
    onClose: (listener: () => void) => {
      onClose = listener;
    },
    close: () => undefined,
  };
  runInference({ port, engine, exit: () => undefined });
  return () => {
    onClose();
  };
}

/** Puts the model, and a catalogue that approves it, where the vault of this folder looks. */
async function approve(folder: string, modelPath: string, contextTokens: number): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(modelPath), hash);
  const sha256 = hash.digest('hex');
  const file = 'measured.gguf';
  symlinkSync(modelPath, join(folder, file));
  const sizeBytes = statSync(modelPath).size;
  const facts = { licence: 'not said', repository: 'not said', use: 'measuring' };
  const model = {
    id: 'measured',
    name: basename(modelPath),
    file,
    sizeBytes,
    sha256,
    contextTokens,
    ...facts,
  };
  writeFileSync(catalogueFile(folder), JSON.stringify({ version: 1, default: 'measured', models: [model] }));
}
