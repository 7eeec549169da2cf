import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  graphicsTrialSchema,
  type GraphicsState,
  type GraphicsTrial,
  type GraphicsWish,
} from '../shared/graphics.ts';
import { replaceFile } from './keys/durable-file.ts';

/**
 * What came of trying the graphics of this computer, for each model, and what must not be tried again. Graphics drivers
 * crash, hang and take the whole computer along: so that a trial is under way is on the disk before it begins. Holds no
 * clinical text. Each version of the app tries anew.
 */
export type GraphicsMemory = {
  /** What the engine is to do now, written down where it is a trial. */
  wishFor(model: string): { readonly wish: GraphicsWish; readonly trial: GraphicsTrial | null };
  /** The engine has loaded the model; null: it left the graphics alone. */
  told(model: string, trial: GraphicsTrial | null): void;
  /** The engine's process ended, while it tried the graphics or computed with them. */
  ended(): void;
  /** The app ends all processes in good order: an unfinished trial says nothing. */
  left(): void;
  /** For the screen; null: not tried yet. */
  stateOf(model: string): GraphicsState | null;
};

const fileName = 'engine-graphics.json';
const memorySchema = z.strictObject({
  version: z.string(),
  /** Trials in a row of whose end nobody told: the computer, or the app, ended with them. */
  silent: z.int().nonnegative(),
  crashed: z.boolean(),
  trial: graphicsTrialSchema.nullable(),
});
type Memory = z.infer<typeof memorySchema>;
const fileSchema = z.record(z.string().regex(/^[0-9a-f]{64}$/), memorySchema);

/** The power may have gone in the middle of a trial, once; twice is the graphics. */
const mostSilent = 2;

export function openGraphicsMemory(deps: {
  readonly dataFolder: string;
  /** Of the app. */
  readonly version: string;
  /** By the policy. */
  readonly isAllowed: () => boolean;
}): GraphicsMemory {
  const { dataFolder, version, isAllowed } = deps;
  /** The model with which the engine tries the graphics, or computes on them, at this moment. */
  let onCard: string | null = null;

  function read(model: string): Memory {
    const nothing = { version, silent: 0, crashed: false, trial: null };
    try {
      const known = fileSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')))[model];
      return known?.version === version ? known : nothing;
    } catch {
      return nothing;
    }
  }
  /** @returns whether it is on the disk */
  function write(model: string, memory: Memory): boolean {
    let all: z.infer<typeof fileSchema> = {};
    try {
      all = fileSchema.parse(JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')));
    } catch {
      // Not there, or not one: it is written anew.
    }
    try {
      replaceFile(dataFolder, fileName, Buffer.from(JSON.stringify({ ...all, [model]: memory })));
      return true;
    } catch {
      return false;
    }
  }

  return {
    wishFor(model) {
      onCard = null;
      const memory = read(model);
      if (!isAllowed() || memory.crashed) return { wish: 'off', trial: null };
      const { trial } = memory;
      if (trial !== null && trial.result !== 'used') return { wish: 'off', trial };
      const silent = memory.silent + 1;
      const crashed = silent > mostSilent;
      // What cannot be remembered is not tried.
      if (!write(model, { ...memory, silent, crashed }) || crashed) return { wish: 'off', trial: null };
      onCard = model;
      return trial === null ? { wish: 'try', trial } : { wish: 'use', trial };
    },
    told(model, trial) {
      if (onCard !== model) return;
      if (trial?.result !== 'used') onCard = null;
      write(model, { version, silent: 0, crashed: false, trial });
    },
    ended() {
      if (onCard === null) return;
      write(onCard, { ...read(onCard), silent: 0, crashed: true });
      onCard = null;
    },
    left() {
      if (onCard !== null) write(onCard, { ...read(onCard), silent: 0 });
      onCard = null;
    },
    stateOf(model) {
      if (!isAllowed()) return { kind: 'off' };
      const { crashed, trial } = read(model);
      if (crashed) return { kind: 'crashed' };
      return trial === null ? null : { kind: 'tried', trial };
    },
  };
}
