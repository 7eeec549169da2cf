const figure = (count: number): string => count.toLocaleString('en');

export const receiptStrings = {
  all: (characters: number) => `The model read all ${figure(characters)} characters of the source.`,
  allInParts: (characters: number, parts: number, atLimit: number) =>
    `The model read all ${figure(characters)} characters of the source in ${parts} parts; this draft is joined from its notes on them.` +
    (atLimit === 0
      ? ''
      : ` The notes on ${atLimit} of them ended at their longest length: compare those parts.`),
  some: (covered: number, characters: number) =>
    `The model read ${figure(covered)} of the ${figure(characters)} characters of the source.`,
  notAll: (characters: number) =>
    `The model was stopped before it had read all ${figure(characters)} characters of the source.`,
  step: (
    step: {
      readonly kind: 'whole' | 'part' | 'merge';
      readonly entry: number;
      readonly from: number;
      readonly to: number;
    },
    part: number,
    parts: number,
  ) => {
    const range = `characters ${figure(step.from + 1)} to ${figure(step.to)}`;
    if (step.kind === 'part') return `Part ${part} of ${parts}: ${range} · entry ${step.entry}`;
    if (step.kind === 'merge') return `Notes on ${range} joined · entry ${step.entry}`;
    return `In one go: ${range} · entry ${step.entry}`;
  },
  show: 'Show in the source',
  changed: 'The source on the desk was changed since this draft was written.',
  atLimit: 'Ended at its longest length',
  incomplete: 'Not read to its end',
} as const;
