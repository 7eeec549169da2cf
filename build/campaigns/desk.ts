import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { ToInference } from '../../electron/links/model-port.ts';
import { patientReferenceSchema } from '../../electron/shared/request-parts.ts';
import { turnIdSchema, userIdSchema, type TurnId } from '../../electron/shared/ids.ts';
import type { Role } from '../../electron/shared/roles.ts';
import { report } from '../../electron/vault/played-model-fixture.ts';
import { noteEvent, noteModel, turnOf, type Ledger } from './ledger.ts';
import { startVaultChild, type Place, type VaultChild } from './vault-child.ts';

/** How the model answers: so many pieces, each so long after the one before. */
export type Script = { readonly pieces: number; readonly pauseMs: number };

/** A vault process with somebody at the page and a model that answers; everything that leaves the vault is written down. */
export type Desk = {
  readonly vault: VaultChild;
  readonly ledger: Ledger;
  /** Somebody's keys have opened the record; nothing was written yet. */
  readonly began: Promise<void>;
  /** The model can be asked, again or for the first time. */
  modelReady(): Promise<void>;
  /** For the answers that are asked for from now on. */
  answerWith(script: Script): void;
  signIn(role: Role, passphrase: string): Promise<void>;
  /** @returns the turn; its answer has begun */
  prompt(words: string): Promise<TurnId>;
  /** Waits until the answer has ended, or the process has. */
  ended(turnId: TurnId): Promise<void>;
  copy(turnId: TurnId | null, text: string): Promise<void>;
  openSource(text: string): Promise<void>;
  accept(turnId: TurnId, text: string): Promise<void>;
};

export const patient = patientReferenceSchema.parse('SYN-7');

export function openDesk(place: Place, ledger: Ledger): Desk {
  let script: Script = { pieces: 20, pauseMs: 2 };
  const stopped = new Set<string>();
  const waiting = new Map<string, () => void>();
  const began = Promise.withResolvers<void>();
  let modelReady = Promise.withResolvers<void>();
  const vault = startVaultChild(place, {
    onEvent(event) {
      noteEvent(ledger, event);
      if (event.event === 'model.status') {
        if (event.status.state === 'ready') modelReady.resolve();
        else modelReady = Promise.withResolvers<void>();
      }
      if (event.event === 'turn.ended') waiting.get(event.end.turnId)?.();
    },
    onMain(message) {
      if (message.kind === 'session-began') began.resolve();
    },
    onModel(message) {
      noteModel(ledger, message);
      if (message.kind === 'load') sayReady(vault);
      else if (message.kind === 'stop') stopped.add(message.turnId);
      else if (message.kind === 'generate') void answer(message, script);
    },
  });
  void vault.ended.then(
    () => {
      for (const stop of waiting.values()) stop();
    },
    () => undefined,
  );

  async function answer({ turnId }: Extract<ToInference, { kind: 'generate' }>, how: Script): Promise<void> {
    for (let n = 0; n < how.pieces && !stopped.has(turnId); n += 1) {
      if (how.pauseMs > 0) await delay(how.pauseMs);
      const text = `${n} ährenfeld 𝛼 `;
      turnOf(ledger, turnId).said.push(text);
      vault.say({ kind: 'delta', turnId, text });
    }
    vault.say({ kind: 'ended', turnId, reason: stopped.has(turnId) ? 'stopped' : 'end-of-answer', report });
  }

  return {
    vault,
    ledger,
    modelReady: () => modelReady.promise,
    began: began.promise,
    answerWith: (next) => {
      script = next;
    },
    async signIn(role, passphrase) {
      const state = await valueOf(vault.ask('app.getState', {}));
      const user = state.users.find((candidate) => candidate.role === role);
      const step = await valueOf(
        vault.ask('session.signIn', { userId: userIdSchema.parse(user?.userId), passphrase }),
      );
      if (step.next !== 'signed-in') throw new Error(`signing in stopped at ${step.next}`);
    },
    async prompt(words) {
      const { turnId, entry } = await valueOf(
        vault.ask('chat.sendPrompt', {
          patientReference: patient,
          taskId: 'visit-summary',
          sourceText: words,
          question: '',
          regenerates: null,
        }),
      );
      ledger.entries.set(entry, { type: 'prompt.submitted', turn: turnId, text: null });
      return turnIdSchema.parse(turnId);
    },
    ended: (turnId) =>
      turnOf(ledger, turnId).end === null
        ? new Promise((resolve) => waiting.set(turnId, resolve))
        : Promise.resolve(),
    async copy(turnId, text) {
      const { entry } = await valueOf(vault.ask('clipboard.recordCopy', { turnId, text }));
      ledger.entries.set(entry, {
        type: 'clipboard.copied',
        turn: turnId,
        text: { field: 'copied', is: text },
      });
    },
    async openSource(text) {
      const input = { patientReference: patient, fileName: 'visit.txt', text };
      const { entry } = await valueOf(vault.ask('source.recordOpened', input));
      ledger.entries.set(entry, {
        type: 'document.opened',
        turn: null,
        text: { field: 'content', is: text },
      });
    },
    async accept(turnId, text) {
      const { entry } = await valueOf(vault.ask('note.accept', { turnId, finalText: text }));
      ledger.entries.set(entry, { type: 'note.accepted', turn: turnId, text: null });
    },
  };
}

export async function valueOf<T>(
  answer: Promise<{ ok: true; value: T } | { ok: false; error: { code: string } }>,
): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(`the vault refused: ${result.error.code}`);
  return result.value;
}

function sayReady(vault: VaultChild): void {
  const threads = { threads: 2, tokensPerSecond: 12.5 };
  vault.say({
    kind: 'loaded',
    loadMs: 10,
    verifyMs: 5,
    engineVersion: '3.22.1',
    llamaCppRelease: 'b1',
    backend: 'cpu',
    threads: { key: 'k', ...threads, candidates: [threads] },
    identity: '1:2:3:4:5',
    graphics: null,
  });
  vault.say({
    kind: 'status',
    status: {
      state: 'ready',
      name: 'Scripted model',
      sha256: 'ab'.repeat(32),
      contextTokens: 2048,
      ...threads,
    },
  });
}

/** The catalogue of the model that answers here. */
export const catalogue = {
  version: 1,
  default: 'scripted',
  models: [
    {
      id: 'scripted',
      name: 'Scripted model',
      file: 'scripted.gguf',
      sizeBytes: 1,
      sha256: 'ab'.repeat(32),
      contextTokens: 2048,
      licence: 'none',
      repository: 'none',
      use: 'tests',
    },
  ],
};
export const catalogueFile = (folder: string): string => join(folder, 'catalogue.json');
