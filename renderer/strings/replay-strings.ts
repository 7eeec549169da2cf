export const replayStrings = {
  title: 'Write it again and compare',
  detail:
    'The same model gets the same text, settings and seed once more. The result is recorded, and the new text is not shown.',
  begin: 'Write again and compare',
  stop: 'Stop',
  running: (percent: number) =>
    percent < 100 ? `Reading the request · ${percent} %` : 'Writing the answer again',
  result: (comparison: {
    readonly entry: number;
    readonly differsAt: number | null;
    readonly isPartial: boolean;
  }) => {
    const recorded = `Recorded as entry ${comparison.entry}.`;
    if (comparison.differsAt !== null)
      return `Different from character ${comparison.differsAt + 1} on. Another version of the engine, another processor, or a question that went on from a draft can do that. ${recorded}`;
    return comparison.isPartial
      ? `The same words, as far as the stopped draft goes. ${recorded}`
      : `The same words, to the last character. ${recorded}`;
  },
} as const;
