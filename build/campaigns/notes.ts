import { ungrounded } from './grounding.ts';
import { rougeL, rougeN } from './rouge.ts';
import { openVisitDesk } from './visit-desk.ts';
import { readVisitWords } from './visit-words.ts';

/**
 * How a model does on visits with a reference note (ACI-BENCH): ROUGE-1, -2 and -L (F) against that note, and words in the
 * model's note that do harm when they are invented and do not stand in the visit. Written the way the app writes.
 */
const { visits, model, contextTokens } = readVisitWords();
const desk = await openVisitDesk(model, contextTokens);
console.log(`${visits.length} visits, ${model}\n`);
console.log('visit       ROUGE-1  ROUGE-2  ROUGE-L  words  not in the visit');
const all: { one: number; two: number; l: number; flags: number }[] = [];
let unfinished = 0;
for (const { id, dialogue, note } of visits) {
  const { text, end } = await desk.soapNote(id, dialogue);
  if (end.outcome !== 'completed') {
    unfinished += 1;
    console.log(`${id.padEnd(11)} ${end.outcome}, ${end.reason}: no note to score`);
    continue;
  }
  const [one, two, l] = [rougeN(1, note, text).f, rougeN(2, note, text).f, rougeL(note, text).f];
  const { numbers, drugs, dates } = ungrounded(dialogue, text);
  const flags = [...numbers, ...drugs, ...dates];
  all.push({ one, two, l, flags: flags.length });
  console.log(line(id, one, two, l, text.split(/\s+/).length, flags.join(', ')));
}
await desk.close();
const mean = (of: (score: (typeof all)[number]) => number): number =>
  all.reduce((total, score) => total + of(score), 0) / all.length;
if (all.length > 0) {
  const flagged = `${mean(({ flags }) => flags).toFixed(1)} a note`;
  console.log(
    `\n${line(
      'mean',
      mean(({ one }) => one),
      mean(({ two }) => two),
      mean(({ l }) => l),
      null,
      flagged,
    )}`,
  );
}
if (unfinished > 0) console.log(`${unfinished} without a note: the mean is about the others.`);
process.exit(all.length > 0 && unfinished === 0 ? 0 : 1);

function line(id: string, one: number, two: number, l: number, length: number | null, flags: string): string {
  const numbers = [one, two, l].map((value) => value.toFixed(3).padStart(8)).join(' ');
  return `${id.padEnd(10)} ${numbers} ${String(length ?? '').padStart(6)}  ${flags === '' ? '-' : flags}`;
}
