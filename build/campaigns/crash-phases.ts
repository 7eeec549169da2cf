import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { userIdSchema } from '../../electron/shared/ids.ts';
import { administratorPassphrase, clinicianPassphrase } from '../../electron/vault/vault-fixture.ts';
import { valueOf, type Desk } from './desk.ts';

/** What runs when the process is killed. */
export type Phase = {
  readonly name: string;
  /** `signed-in`: the clinician is at work already. `started`: the process was begun anew after a kill in an answer. */
  readonly from: 'signed-in' | 'started';
  /** The kill comes at a random moment within so long after `armed`. */
  readonly windowMs: number;
  /** Works until the process is killed; what it waits for then is never answered, or fails. */
  play(stage: Stage): Promise<void>;
};

export type Stage = {
  readonly desk: Desk;
  readonly random: () => number;
  /** A folder that nothing else uses, for files that leave the vault. */
  readonly outside: string;
  /** The kill may come from here on. */
  readonly armed: () => void;
};

const words = 'A made-up cough for nine days. Zwölf Tage, 𝛼.';
/** Longer than any window: it ends by the kill. */
const endless = { pieces: 5000, pauseMs: 0 };

async function over(work: () => Promise<void>): Promise<never> {
  for (;;) await work();
}

export const phases: readonly Phase[] = [
  {
    name: 'requests, one after the other, stopped at once',
    from: 'signed-in',
    windowMs: 300,
    play: ({ desk, armed }) => {
      desk.answerWith({ pieces: 50, pauseMs: 5 });
      armed();
      return over(async () => {
        const turnId = await desk.prompt(words);
        await desk.vault.ask('chat.stop', { turnId });
        await desk.ended(turnId);
      });
    },
  },
  {
    name: 'an answer is written as fast as it can be',
    from: 'signed-in',
    windowMs: 400,
    play: async ({ desk, armed }) => {
      desk.answerWith(endless);
      armed();
      await desk.ended(await desk.prompt(words));
    },
  },
  {
    name: 'an answer is written at the pace of a model',
    from: 'signed-in',
    windowMs: 800,
    play: async ({ desk, armed }) => {
      desk.answerWith({ pieces: 500, pauseMs: 25 });
      armed();
      await desk.ended(await desk.prompt(words));
    },
  },
  {
    name: 'short answers begin and end',
    from: 'signed-in',
    windowMs: 400,
    play: ({ desk, random, armed }) => {
      armed();
      return over(async () => {
        desk.answerWith({ pieces: Math.floor(random() * 4), pauseMs: 0 });
        await desk.ended(await desk.prompt(words));
      });
    },
  },
  {
    name: 'the process of the model ends in an answer',
    from: 'signed-in',
    windowMs: 400,
    play: ({ desk, armed }) => {
      armed();
      return over(async () => {
        await desk.modelReady();
        desk.answerWith({ pieces: 5000, pauseMs: 1 });
        const turnId = await desk.prompt(words);
        await delay(10);
        desk.vault.replaceModel();
        await desk.ended(turnId);
      });
    },
  },
  {
    name: 'sources, copies and accepted notes',
    from: 'signed-in',
    windowMs: 300,
    play: async ({ desk, armed }) => {
      desk.answerWith({ pieces: 3, pauseMs: 0 });
      const turnId = await desk.prompt(words);
      await desk.ended(turnId);
      armed();
      return over(async () => {
        await desk.openSource(`${words} ${randomUUID()}`);
        await desk.copy(turnId, `${words} ${randomUUID()}`);
        await desk.accept(turnId, words);
      });
    },
  },
  {
    name: 'the record is looked through beside an answer',
    from: 'signed-in',
    windowMs: 400,
    play: async ({ desk, armed }) => {
      desk.answerWith({ pieces: 5000, pauseMs: 2 });
      const turnId = await desk.prompt(words);
      armed();
      return over(async () => {
        const entry = desk.ledger.turns.get(turnId)?.end?.entry;
        const look = { patientReference: null, before: null, limit: 50, userId: null, type: null };
        const { rows } = await valueOf(desk.vault.ask('log.list', look));
        const newest = entry ?? rows[0]?.entry;
        if (newest !== undefined) await valueOf(desk.vault.ask('log.open', { entry: newest }));
      });
    },
  },
  {
    name: 'the record is checked beside an answer',
    from: 'signed-in',
    windowMs: 500,
    play: async ({ desk, armed }) => {
      desk.answerWith({ pieces: 5000, pauseMs: 1 });
      await desk.prompt(words);
      armed();
      return over(async () => {
        await valueOf(desk.vault.ask('log.verify', {}));
      });
    },
  },
  {
    name: 'the session ends in an answer',
    from: 'signed-in',
    windowMs: 40,
    play: async ({ desk, random, armed }) => {
      desk.answerWith({ pieces: 5000, pauseMs: 1 });
      await desk.prompt(words);
      await delay(random() * 60);
      armed();
      await desk.vault.ask(random() < 0.5 ? 'session.lock' : 'session.signOut', {});
      await desk.vault.ended;
    },
  },
  {
    name: 'a sign-in after a kill, from the start of the process on',
    from: 'started',
    windowMs: 1600,
    play: async ({ desk, armed }) => {
      armed();
      await desk.signIn('clinician', clinicianPassphrase);
      await desk.vault.ended;
    },
  },
  {
    name: 'the first leaves of a sign-in after a kill',
    from: 'started',
    windowMs: 80,
    play: async ({ desk, armed }) => {
      void desk.began.then(armed);
      await desk.signIn('clinician', clinicianPassphrase);
      await desk.vault.ended;
    },
  },
  {
    name: 'sign-ins that fail, with nobody signed in',
    from: 'started',
    windowMs: 250,
    play: async ({ desk, armed }) => {
      await valueOf(desk.vault.ask('app.getState', {}));
      armed();
      return over(async () => {
        const nobody = userIdSchema.parse(randomUUID());
        const answer = await desk.vault.ask('session.signIn', { userId: nobody, passphrase: 'nothing' });
        if (!answer.ok && answer.error.code === 'not-set-up') desk.ledger.failedSignIns += 1;
      });
    },
  },
  {
    name: 'IT exports a bundle',
    from: 'started',
    windowMs: 400,
    play: async ({ desk, outside, armed }) => {
      await desk.signIn('it-admin', administratorPassphrase);
      armed();
      let n = 0;
      return over(async () => {
        n += 1;
        const grant = randomUUID();
        const path = join(outside, `bundle-${n}.zip`);
        desk.vault.tell({ kind: 'file-grant', grant, path, purpose: 'audit-bundle' });
        // Main's line and the page's are two: what comes second on one may be first.
        await valueOf(desk.vault.ask('app.getState', {}));
        await valueOf(desk.vault.ask('log.export', { clinicalText: 'withheld', fileGrant: grant }));
        desk.ledger.bundles.push(path);
      });
    },
  },
];
