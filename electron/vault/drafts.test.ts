import { beforeEach, describe, expect, it } from 'vitest';
import type { ToInference } from '../links/model-port.ts';
import { silenceLimitMs } from '../shared/engine-silence.ts';
import type { TurnId } from '../shared/ids.ts';
import { report } from './played-model-fixture.ts';
import { useVaultHome } from './vault-home-fixture.ts';

const home = useVaultHome();
const { value, failure } = home;

beforeEach(async () => {
  await home.setUp();
  await home.signIn('clinician');
});

const prompt = {
  patientReference: 'SYN-1',
  taskId: 'soap-note',
  sourceText: 'A made-up visit with a cough.',
  question: '',
  regenerates: null,
} as const;

type Generate = Extract<ToInference, { kind: 'generate' }>;
const asked = (): Generate[] => home.model.heard.filter((message) => message.kind === 'generate');
const lastAsked = (): Generate => {
  const last = asked().at(-1);
  if (last === undefined) throw new Error('nothing was asked');
  return last;
};
function answer(turnId: TurnId, text: string): void {
  home.model.say({ kind: 'delta', turnId, text });
  home.model.say({ kind: 'ended', turnId, reason: 'end-of-answer', report });
}
const ends = () => home.page.events.flatMap((event) => (event.event === 'turn.ended' ? [event.end] : []));
const queue = () =>
  home.page.events.flatMap((event) => (event.event === 'turn.queue' ? [event.waiting] : [])).at(-1);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function types(): Promise<string[]> {
  const { rows } = await value('log.list', {
    before: null,
    limit: 100,
    userId: null,
    type: null,
    patientReference: null,
  });
  return rows.map((row) => row.type);
}

async function leafOf(entry: number): Promise<{ data: Record<string, unknown>; texts: object }> {
  const { leafJson } = await value('log.open', { entry: entry as never });
  return JSON.parse(leafJson) as { data: Record<string, unknown>; texts: object };
}

describe('several drafts', () => {
  it('are recorded when they are asked for, and written one after the other', async () => {
    const first = await value('chat.sendPrompt', prompt);
    const second = await value('chat.sendPrompt', { ...prompt, taskId: 'visit-summary' });
    expect([first.waiting, second.waiting, second.entry, queue(), asked().length]).toEqual([
      0,
      1,
      first.entry + 1,
      [second.turnId],
      1,
    ]);
    answer(first.turnId, 'Subjective');
    expect([lastAsked().turnId, queue()]).toEqual([second.turnId, []]);
    answer(second.turnId, 'A cough.');
    expect(ends().map((end) => [end.turnId, end.outcome])).toEqual([
      [first.turnId, 'completed'],
      [second.turnId, 'completed'],
    ]);
    const desk = await value('workspace.getDraft', {});
    expect(desk?.turnIds).toEqual([first.turnId, second.turnId]);
  });

  it('share the beginning with the source, which is told to the model so', async () => {
    await value('chat.sendPrompt', prompt);
    const { user, sharedCharacters } = lastAsked();
    expect(user.slice(0, sharedCharacters)).toBe(
      'This is the text of a visit to the doctor:\n\nA made-up visit with a cough.\n\n',
    );
  });

  it('can be called off while they wait, and end with a lock, all in the record', async () => {
    await value('chat.sendPrompt', prompt);
    const second = await value('chat.sendPrompt', prompt);
    const third = await value('chat.sendPrompt', prompt);
    await value('chat.stop', { turnId: second.turnId });
    expect([ends().at(-1)?.reason, queue()]).toEqual(['stopped-by-user', [third.turnId]]);
    await value('session.lock', {});
    expect(ends().map((end) => [end.outcome, end.reason])).toEqual([
      ['aborted', 'stopped-by-user'],
      ['aborted', 'signed-out'],
      ['aborted', 'signed-out'],
    ]);
  });

  it('wait for a model that was lost, and end where it does not come back', async () => {
    await value('chat.sendPrompt', prompt);
    const second = await value('chat.sendPrompt', prompt);
    home.model.die();
    expect([ends().at(-1)?.reason, queue()]).toEqual(['engine-stopped', [second.turnId]]);
    home.vault.inferenceEnded({ exitCode: 9, replaced: false });
    expect([ends().at(-1)?.turnId, ends().length, queue()]).toEqual([second.turnId, 2, []]);
  });

  it('are refused where too many wait', async () => {
    for (let n = 0; n < 9; n += 1) await value('chat.sendPrompt', prompt);
    expect(await failure('chat.sendPrompt', prompt)).toBe('turn-in-progress');
  });
});

describe('a further question', () => {
  it('gives the model what was asked and answered before, exactly as recorded', async () => {
    const first = await value('chat.sendPrompt', prompt);
    answer(first.turnId, 'Cough.');
    const further = {
      ...prompt,
      taskId: 'free-question',
      question: 'Since when?',
      follows: first.turnId,
    } as const;
    const second = await value('chat.sendPrompt', further);
    const { user, earlier, sharedCharacters } = lastAsked();
    const [before] = asked();
    expect([user, earlier, sharedCharacters]).toEqual([
      'Since when?',
      [{ user: before?.user, model: 'Cough.' }],
      before?.sharedCharacters,
    ]);
    answer(second.turnId, 'Not said.');
    const third = await value('chat.sendPrompt', { ...further, follows: second.turnId, question: 'Why?' });
    expect(lastAsked().earlier.map((exchange) => exchange.model)).toEqual(['Cough.', 'Not said.']);
    expect((await leafOf(third.entry)).data).toMatchObject({ follows: second.turnId, source: null });
    const reread = await value('chat.reread', { turnId: second.turnId });
    expect([reread.question, reread.follows, reread.text]).toEqual([
      'Since when?',
      first.turnId,
      'Not said.',
    ]);
    expect(ends().at(-1)?.coverage).toEqual(ends()[0]?.coverage);
  });

  it('is refused about a draft that is being written, another\u2019s, or without words', async () => {
    const first = await value('chat.sendPrompt', prompt);
    const further = { ...prompt, question: 'Since when?', follows: first.turnId };
    expect(await failure('chat.sendPrompt', further)).toBe('turn-not-finished');
    answer(first.turnId, 'Cough.');
    expect(await failure('chat.sendPrompt', { ...further, question: ' ' })).toBe('invalid-input');
    expect(
      await failure('chat.sendPrompt', {
        ...further,
        follows: '7d444840-9dc0-41d1-b245-5ffdce74fad2' as never,
      }),
    ).toBe('turn-not-found');
  });
});

/** About 6,600 tokens of the scripted model, whose context has 2,048: a fact at the front, one in the middle, one at the end. */
function longVisit(): string {
  const line = (n: number): string =>
    `Doctor: question ${n} about this and that?\nPatient: answer ${n}, as I told you.\n`;
  const lines = Array.from({ length: 320 }, (_, n) => line(n));
  lines[0] = 'Doctor: The FRONTFACT is noted.\n';
  lines[160] = 'Doctor: The MIDDLEFACT is noted.\n';
  lines[319] = 'Doctor: The ENDFACT is noted.\n';
  return lines.join('');
}

describe('a source that is too long', () => {
  const sourceText = longVisit();

  it('is measured in words and parts', async () => {
    const { taskId, question } = prompt;
    expect(await value('source.measure', { taskId, question, sourceText: prompt.sourceText })).toMatchObject({
      overWords: 0,
      parts: 1,
    });
    const fit = await value('source.measure', { taskId, question, sourceText });
    expect(fit?.parts).toBeGreaterThan(3);
    expect(fit?.overWords).toBeGreaterThan(1000);
  });

  it('is worked through in parts: every character in one step, each step recorded, the joining marked', async () => {
    const sent = await value('chat.sendPrompt', { ...prompt, sourceText, inParts: true });
    let parts = 0;
    while (asked().at(-1)?.turnId !== sent.turnId) {
      parts += 1;
      const { turnId, user } = lastAsked();
      expect(user).toContain(`This is part ${parts} of`);
      home.model.say({ kind: 'reading', turnId, fraction: 0.5 });
      answer(turnId, `Notes ${parts}.`);
      await settled();
      expect(parts).toBeLessThan(20);
    }
    const texts = asked().map(({ user }) => user);
    expect(
      ['FRONTFACT', 'MIDDLEFACT', 'ENDFACT'].map((fact) => texts.findIndex((text) => text.includes(fact))),
    ).toEqual([0, expect.any(Number), parts - 1]);
    expect(lastAsked().user).toContain('Part 1:\nNotes 1.\n\nPart 2:\nNotes 2.');
    expect(home.page.events.filter((event) => event.event === 'turn.delta')).toEqual([]);
    answer(sent.turnId, 'The draft.');
    const [end] = ends();
    const steps = end?.coverage?.steps ?? [];
    expect([ends().length, end?.outcome, steps.length, end?.coverage?.characters]).toEqual([
      1,
      'completed',
      parts + 1,
      sourceText.length,
    ]);
    let at = 0;
    for (const step of steps.slice(0, -1)) {
      expect([step.kind, step.from, step.complete]).toEqual(['part', at, true]);
      at = step.to;
      const { data } = await leafOf(step.entry);
      expect(data['source']).toEqual({ characters: sourceText.length, from: step.from, to: step.to });
    }
    expect([at, steps.at(-1)]).toMatchObject([
      sourceText.length,
      { kind: 'merge', from: 0, to: sourceText.length },
    ]);
    const outcome = await leafOf(end?.entry ?? 0);
    expect(outcome.data['coverage']).toMatchObject({ steps: steps.slice(0, -1).map(({ entry }) => entry) });
    const progress = home.page.events.flatMap((event) => (event.event === 'turn.reading' ? [event] : []));
    expect(progress.map(({ turnId, step, of }) => [turnId, step, of])).toEqual(
      Array.from({ length: parts }, (_, n) => [sent.turnId, n + 1, parts]),
    );
  });

  it('lets nothing that waits come between two parts', async () => {
    const sent = await value('chat.sendPrompt', { ...prompt, sourceText, inParts: true });
    const other = await value('chat.sendPrompt', prompt);
    answer(lastAsked().turnId, 'Notes.');
    await settled();
    expect([lastAsked().user.startsWith('This is part 2 of'), queue()]).toEqual([true, [other.turnId]]);
    expect((await value('chat.reread', { turnId: sent.turnId })).end).toBeNull();
    await value('chat.stop', { turnId: sent.turnId });
    home.model.say({ kind: 'ended', turnId: lastAsked().turnId, reason: 'stopped', report });
    await settled();
    expect(ends().map((end) => [end.turnId, end.reason])).toEqual([[sent.turnId, 'stopped-by-user']]);
    expect(lastAsked().turnId).toBe(other.turnId);
    expect((await value('chat.reread', { turnId: sent.turnId })).end?.reason).toBe('stopped-by-user');
  });

  it('goes on with as many drafts waiting as may wait', async () => {
    await value('chat.sendPrompt', { ...prompt, sourceText, inParts: true });
    for (let n = 0; n < 8; n += 1) await value('chat.sendPrompt', prompt);
    expect(await failure('chat.sendPrompt', prompt)).toBe('turn-in-progress');
    answer(lastAsked().turnId, 'Notes.');
    await settled();
    expect([lastAsked().user.startsWith('This is part 2 of'), ends()]).toEqual([true, []]);
  });

  it('is stopped between two steps too, when nothing of it runs or waits', async () => {
    const { taskId, question } = prompt;
    const parts = (await value('source.measure', { taskId, question, sourceText }))?.parts ?? 0;
    const sent = await value('chat.sendPrompt', { ...prompt, sourceText, inParts: true });
    for (let part = 1; part < parts; part += 1) {
      answer(lastAsked().turnId, `Notes ${part}.`);
      await settled();
    }
    expect(lastAsked().user).toContain(`This is part ${parts} of ${parts}`);
    const before = asked().length;
    answer(lastAsked().turnId, 'The last notes.');
    await value('chat.stop', { turnId: sent.turnId });
    await settled();
    const [end] = ends();
    expect([end?.turnId, end?.reason, end?.outcome]).toEqual([sent.turnId, 'stopped-by-user', 'aborted']);
    expect(end?.coverage?.steps).toHaveLength(parts);
    expect(asked()).toHaveLength(before);
    expect((await value('chat.reread', { turnId: sent.turnId })).end?.reason).toBe('stopped-by-user');
    // And the next one is written.
    await value('chat.sendPrompt', prompt);
    expect(asked()).toHaveLength(before + 1);
    expect(await failure('chat.stop', { turnId: sent.turnId })).not.toBe('none');
  });

  it('ends with the model, and with a lock', async () => {
    const sent = await value('chat.sendPrompt', { ...prompt, sourceText, inParts: true });
    home.model.die();
    await settled();
    expect(ends().map((end) => [end.turnId, end.reason])).toEqual([[sent.turnId, 'engine-stopped']]);
  });

  it('in one go where it fits after all', async () => {
    const { turnId } = await value('chat.sendPrompt', { ...prompt, inParts: true });
    expect(lastAsked().turnId).toBe(turnId);
  });
});

describe('reading ahead', () => {
  const source = { patientReference: 'SYN-1', sourceText: 'A made-up visit with a cough. '.repeat(20) };
  const evaluation = () => {
    const heard = home.model.heard.filter((message) => message.kind === 'evaluate').at(-1);
    if (heard === undefined) throw new Error('nothing was read ahead');
    return heard;
  };
  const evaluated = (reason: string) => ({
    kind: 'evaluated',
    evaluationId: evaluation().evaluationId,
    reason,
    promptTokens: 200,
    evaluatedTokens: 200,
    elapsedMs: 900,
  });

  it('is recorded before the model hears a word, and has an outcome', async () => {
    const { entry } = await value('source.prepare', source);
    expect((await leafOf(entry ?? 0)).data).toMatchObject({
      source: { characters: source.sourceText.length, from: 0 },
    });
    await value('chat.sendPrompt', { ...prompt, ...source });
    expect(lastAsked().user.startsWith(evaluation().user)).toBe(true);
    home.model.say(evaluated('complete'));
    expect((await types()).slice(0, 2)).toEqual(['log.viewed', 'source.evaluation-ended']);
    expect((await value('source.prepare', source)).entry).toBeNull();
  });

  it('of a text that is short, or while a draft is written, is not begun; of another patient it is', async () => {
    expect((await value('source.prepare', { ...source, sourceText: 'Short.' })).entry).toBeNull();
    await value('source.prepare', source);
    expect((await value('source.prepare', { ...source, patientReference: 'SYN-2' })).entry).not.toBeNull();
    expect((await types()).filter((type) => type === 'source.evaluation-ended')).toHaveLength(1);
    await value('chat.sendPrompt', prompt);
    expect((await value('source.prepare', source)).entry).toBeNull();
  });

  it('is forgotten when the source leaves the desk', async () => {
    await value('source.prepare', source);
    await value('source.release', {});
    expect(home.model.heard.at(-1)?.kind).toBe('release');
    home.model.say(evaluated('released'));
    expect(home.page.events.at(-1)).toEqual({ event: 'source.prepared', fraction: null });
    expect((await value('source.prepare', source)).entry).not.toBeNull();
  });

  it('leaves the memory of the model also where only a draft was written', async () => {
    const { turnId } = await value('chat.sendPrompt', prompt);
    answer(turnId, 'Subjective: a cough.');
    await value('source.release', {});
    expect(home.model.heard.at(-1)?.kind).toBe('release');
  });

  it('makes way for a draft, and a model that hangs then is ended all the same', async () => {
    await value('source.prepare', source);
    await value('chat.sendPrompt', { ...prompt, ...source });
    home.model.say(evaluated('interrupted'));
    home.pass(silenceLimitMs('answer', 12.5));
    expect(home.posted.at(-1)).toEqual({ kind: 'inference-hung' });
  });

  it('has an outcome after a crash', async () => {
    await value('source.prepare', source);
    await home.startAnother('vault-crashed');
    await home.signIn('clinician');
    expect(await types()).toContain('source.evaluation-ended');
  });
});

describe('an answer that is written again', () => {
  async function answered(): Promise<{ turnId: TurnId; entry: number }> {
    const sent = await value('chat.sendPrompt', prompt);
    answer(sent.turnId, 'Subjective: a cough.');
    return sent;
  }
  const replayed = () =>
    home.page.events.flatMap((event) => (event.event === 'answer.replayed' ? [event] : [])).at(-1);

  it('is asked for down to the seed, recorded, and found the same; nothing of it is shown', async () => {
    const { turnId, entry } = await answered();
    const first = lastAsked();
    const shown = home.page.events.filter((event) => event.event === 'turn.delta').length;
    const again = await value('answer.replay', { entry: entry as never });
    expect({ ...lastAsked(), turnId }).toEqual(first);
    answer(again.turnId, 'Subjective: a cough.');
    expect(replayed()).toMatchObject({ turnId: again.turnId, comparison: { differsAt: null }, error: null });
    expect(home.page.events.filter((event) => event.event === 'turn.delta')).toHaveLength(shown);
    expect((await leafOf(again.entry)).data).toMatchObject({ replays: turnId });
    expect((await leafOf(replayed()?.comparison?.entry ?? 0)).data).toEqual({
      turn: turnId,
      replay: again.turnId,
      same: true,
      differsAt: null,
    });
  });

  it('is told where it differs, also by the entry of the answer', async () => {
    const { turnId } = await answered();
    const outcome = ends().find((end) => end.turnId === turnId)?.entry;
    const again = await value('answer.replay', { entry: outcome as never });
    answer(again.turnId, 'Subjective: a cold.');
    expect(replayed()?.comparison?.differsAt).toBe('Subjective: a co'.length);
  });

  it('of a draft that was stopped is compared as far as that goes', async () => {
    const sent = await value('chat.sendPrompt', prompt);
    home.model.say({ kind: 'delta', turnId: sent.turnId, text: 'Subjective' });
    await value('chat.stop', { turnId: sent.turnId });
    home.model.say({ kind: 'ended', turnId: sent.turnId, reason: 'stopped', report });
    const again = await value('answer.replay', { entry: sent.entry });
    answer(again.turnId, 'Subjective: a cough.');
    expect(replayed()?.comparison).toMatchObject({ differsAt: null, isPartial: true });
  });

  it('is refused for entries that are no answer, and for people who may not read', async () => {
    await answered();
    expect(await failure('answer.replay', { entry: 0 as never })).toBe('record-not-found');
    const { entry } = await value('source.recordOpened', {
      patientReference: 'SYN-1',
      fileName: 'visit.txt',
      text: 'A cough.',
    });
    expect(await failure('answer.replay', { entry })).toBe('invalid-input');
  });
});
