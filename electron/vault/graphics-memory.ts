import { z } from 'zod';
import {
  graphicsTrialSchema,
  type GraphicsState,
  type GraphicsTrial,
  type GraphicsWish,
} from '../shared/graphics.ts';
import { isInPart } from '../shared/graphics-part.ts';
import { exitCodes } from '../links/inference-exits.ts';
import { openModelNotes } from './model-notes.ts';
import { likelyOutOfMemory } from './turns/engine-watchdog.ts';

/**
 * What came of trying the graphics of this computer, for each model, and what must not be tried again. Graphics drivers
 * crash, hang and take the whole computer along: so that a trial is under way is on the disk before it begins. Holds no
 * clinical text. Each version of the app tries anew.
 */
export type GraphicsMemory = {
  /** What the engine is to do now, written down where it may be a trial. */
  wishFor(model: string): { readonly wish: GraphicsWish; readonly trial: GraphicsTrial | null };
  /** The engine turns to the graphics: before, it only reads the file and asks the main processor. */
  begins(model: string): void;
  /** The engine has loaded the model; null: it left the graphics alone. */
  told(model: string, trial: GraphicsTrial | null): void;
  /** The engine's process ended by itself. @param exitCode null where it was ended because it hung */
  ended(exitCode: number | null): void;
  /** The app ends all processes in good order: an unfinished trial says nothing. */
  left(): void;
  /** For the screen; null: not tried yet. */
  stateOf(model: string): GraphicsState | null;
};

const memorySchema = z.strictObject({
  version: z.string(),
  /** Times in a row that the graphics were turned to and of whose end nobody told: the computer, or the app, ended with them. */
  silent: z.int().nonnegative(),
  /** Trials that came to nothing for a reason that may pass. */
  tries: z.int().nonnegative(),
  crashed: z.boolean(),
  trial: graphicsTrialSchema.nullable(),
});
type Memory = z.infer<typeof memorySchema>;

/** People pull plugs. */
const mostSilent = 3;
/** A driver that is not there yet, or memory that another program has, may be there the next time. */
const mostTries = 3;
const mayPass: readonly GraphicsTrial['result'][] = ['none', 'too-small', 'failed'];
/** With more room more of the model would have lain on the card. */
const canPass = (trial: GraphicsTrial): boolean =>
  mayPass.includes(trial.result) || (trial.result === 'slower' && isInPart(trial));
/** A trial that takes longer hangs, and whoever closes the app then has not ended it early. */
const usualTrialMs = 60_000;
/** Exits of the engine's process that are its own doing: a message that it did not understand, a fault in our code. */
const ownExits: readonly number[] = [exitCodes.portClosed, exitCodes.malformedMessage, exitCodes.bug];

export function openGraphicsMemory(deps: {
  readonly dataFolder: string;
  /** Of the app. */
  readonly version: string;
  /** By the policy. */
  readonly isAllowed: () => boolean;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}): GraphicsMemory {
  const { dataFolder, version, isAllowed, now } = deps;
  /** The model with which the engine was asked to turn to the graphics. */
  let asked: string | null = null;
  /** It has, and tries, or computes there. */
  let begun: { readonly atMs: number; readonly isTrial: boolean } | null = null;
  /** What the engine told last: a good trial is kept where the card has no room for now. */
  let present: { readonly model: string; readonly trial: GraphicsTrial } | null = null;

  const notes = openModelNotes(dataFolder, 'engine-graphics.json', memorySchema);
  const { write } = notes;

  function read(model: string): Memory {
    const known = notes.read(model);
    return known?.version === version ? known : { version, silent: 0, tries: 0, crashed: false, trial: null };
  }

  return {
    wishFor(model) {
      asked = null;
      begun = null;
      const memory = read(model);
      const { trial, tries } = memory;
      if (!isAllowed() || memory.crashed) return { wish: 'off', trial: null };
      const isGood = trial?.result === 'used';
      if (trial !== null && !isGood && !(canPass(trial) && tries < mostTries)) return { wish: 'off', trial };
      const silent = memory.silent + 1;
      const crashed = silent > mostSilent;
      // What cannot be remembered is not tried.
      if (!write(model, { ...memory, silent, crashed }) || crashed) return { wish: 'off', trial: null };
      asked = model;
      return isGood ? { wish: 'use', trial } : { wish: 'try', trial: null };
    },
    begins(model) {
      if (asked === model) begun = { atMs: now(), isTrial: read(model).trial?.result !== 'used' };
    },
    told(model, trial) {
      if (asked !== model) return;
      present = trial === null ? null : { model, trial };
      const memory = read(model);
      if (trial?.result === 'used') {
        begun = { atMs: now(), isTrial: false };
        // Still silent: should the computer go down while the card answers, this is what is left.
        write(model, { ...memory, tries: 0, trial });
        return;
      }
      [asked, begun] = [null, null];
      const isPassing = trial !== null && canPass(trial);
      const kept = isPassing && memory.trial?.result === 'used' ? memory.trial : trial;
      write(model, { ...memory, silent: 0, tries: memory.tries + (isPassing ? 1 : 0), trial: kept });
    },
    ended(exitCode) {
      const [model, was] = [asked, begun];
      [asked, begun] = [null, null];
      if (model === null) return;
      const isOwn =
        exitCode !== null && (ownExits.includes(exitCode) || likelyOutOfMemory(exitCode) !== null);
      const isCrash = was !== null && !isOwn;
      write(model, { ...read(model), silent: 0, ...(isCrash ? { crashed: true } : {}) });
    },
    left() {
      const [model, was] = [asked, begun];
      [asked, begun] = [null, null];
      if (model === null) return;
      if (was !== null && was.isTrial && now() - was.atMs > usualTrialMs) return;
      write(model, { ...read(model), silent: 0 });
    },
    stateOf(model) {
      if (!isAllowed()) return { kind: 'off' };
      const { crashed, trial: remembered } = read(model);
      if (crashed) return { kind: 'crashed' };
      const trial = present?.model === model ? present.trial : remembered;
      return trial === null ? null : { kind: 'tried', trial };
    },
  };
}
