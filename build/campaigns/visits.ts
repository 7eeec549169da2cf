import type { TurnEnd } from '../../electron/shared/turn-contract.ts';
import { words } from './rouge.ts';
import { openVisitDesk, type VisitDesk } from './visit-desk.ts';
import { readVisitWords } from './visit-words.ts';

/**
 * Whole visits through the SOAP task of the built vault and the real engine, in parts where they do not fit. Each must end as
 * completed, with a receipt that says that all of the source was read, and that fits what the entries of the record say.
 */
const { visits, model, contextTokens } = readVisitWords();
const desk = await openVisitDesk(model, contextTokens);
console.log(`${visits.length} visits, ${model}\n`);
console.log('visit       words  parts  steps  answer tokens  seconds  outcome');
let failed = 0;
for (const { id, dialogue } of visits) {
  const { end, parts, elapsedMs } = await desk.soapNote(id, dialogue);
  const faults = await faultsOf(desk, dialogue, end);
  if (faults.length > 0) failed += 1;
  const cells = [
    id.padEnd(10),
    String(words(dialogue).length).padStart(6),
    String(parts).padStart(6),
    String(end.coverage?.steps.length ?? 0).padStart(6),
    String(end.answerTokens).padStart(14),
    (elapsedMs / 1000).toFixed(0).padStart(8),
    ` ${faults.length === 0 ? `${end.outcome}, all of it read` : faults.join('; ')}`,
  ];
  console.log(cells.join(' '));
}
await desk.close();
console.log(`\n${visits.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && visits.length > 0 ? 0 : 1);

/** What is wrong with the receipt of an answer. */
async function faultsOf(at: VisitDesk, source: string, end: TurnEnd): Promise<string[]> {
  const faults: string[] = [];
  if (end.outcome !== 'completed') faults.push(`${end.outcome}, ${end.reason}`);
  const { coverage } = end;
  if (coverage === null) return [...faults, 'no receipt'];
  if (coverage.characters !== source.length)
    faults.push(`a receipt about ${coverage.characters} characters, not ${source.length}`);
  let covered = 0;
  for (const { kind, entry, from, to, complete } of coverage.steps) {
    if (!complete) faults.push(`entry ${entry} was not read to its end`);
    const data = await at.leafData(entry);
    if (kind === 'merge') continue;
    if (from > covered) faults.push(`characters ${covered} to ${from} were not read`);
    covered = Math.max(covered, to);
    const recorded = JSON.stringify(data['source']);
    if (!recorded.includes(`"from":${from}`) || !recorded.includes(`"to":${to}`))
      faults.push(`entry ${entry} says ${recorded}, the receipt ${from} to ${to}`);
  }
  if (covered < source.length) faults.push(`characters ${covered} to ${source.length} were not read`);
  return faults;
}
