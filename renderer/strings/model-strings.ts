import type { ModelLibrary } from '../../electron/shared/library-contract.ts';
import type { ModelStatus } from '../../electron/shared/contract.ts';
import { isInPart } from '../../electron/shared/graphics-part.ts';
import { fileSize } from './file-size.ts';

type Model = ModelLibrary['models'][number];
type Graphics = ModelLibrary['graphics'];
type Ready = Extract<ModelStatus, { state: 'ready' }>;

export const modelStrings = {
  title: 'Models',
  detail: 'What is approved for this computer. Nothing else is ever loaded.',
  inUse: 'In use now',
  loading: 'The model is being loaded.',
  computing: ({ name, contextTokens, threads, tokensPerSecond }: Ready, graphics: Graphics) =>
    `${name}, ${whereItComputes(threads, graphics)}: ${Math.round(tokensPerSecond).toLocaleString('en')} tokens a second, in a context of ${contextTokens.toLocaleString('en')} tokens.`,
  whyThreads:
    'Of one thread, half of them, all but one and all, that is the number that was measured to be fastest with this model on this computer.',
  whyGraphics,
  library: 'On this computer',
  none: 'No model is approved.',
  columns: {
    model: 'Model',
    use: 'For',
    size: 'Size',
    here: 'Measured here',
    licence: 'Licence',
    state: 'State',
    deeds: 'Actions',
  },
  use: (text: string) => text.charAt(0).toUpperCase() + text.slice(1),
  size: fileSize,
  state: ({ isInstalled, isInUse, isNext }: Model) =>
    !isInstalled
      ? 'Not here'
      : isInUse
        ? isNext
          ? 'Here, answers'
          : 'Here, answers until the next sign-in'
        : isNext
          ? 'Here, answers from the next sign-in on'
          : 'Here',
  measured: ({ measured, isInstalled }: Model) =>
    measured === null ? (isInstalled ? 'When it is used first' : '') : figures(measured),
  quantisation:
    'The letters in brackets say how a model was made smaller. On the processors of most computers Q4_0 answers fastest; a smaller file is often a slower one.',
  choose: 'Use this one',
  remove: 'Delete',
  /** For who hears and does not see which row a button stands in. */
  about: (deed: string, model: string) => `${deed}: ${model}`,
  removeTitle: (model: string) => `Delete ${model}?`,
  removeDetail: 'Its file is deleted from this computer. It can be imported or downloaded again.',
  keep: 'Keep it',
  licence: (licence: string, model: string) => `Licence of ${model}: ${licence}`,
  licenceElsewhere:
    'The publisher has terms of its own for this model. IT accepts them where the file comes from, and keeps a copy.',
  close: 'Close',
  importDetail:
    'A file from a drive is copied here and checked on the way: it is added only if it is, byte for byte, a model of this list. Its name does not matter.',
  importFile: 'Import from a file',
  stop: 'Stop the import',
  readingFile: 'Reading the file',
  reading: (fraction: number) => `Reading the file ${Math.floor(fraction * 100)} %`,
  added: (name: string) => `${name} was added.`,
} as const;

function figures({ noteSeconds, memoryBytes }: NonNullable<Model['measured']>): string {
  const time = noteSeconds === null ? null : `about ${duration(noteSeconds)} for a visit note`;
  const memory = memoryBytes === null ? null : `${fileSize(memoryBytes)} of memory`;
  const [first = '', ...rest] = [time, memory].filter((part) => part !== null);
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(', ');
}

/** In steps that a person tells apart. */
function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 120) return `${5 * Math.round(seconds / 5)} s`;
  return `${Math.round(seconds / 60)} minutes`;
}

type Tried = Extract<NonNullable<Graphics>, { kind: 'tried' }>;

export function isOnCard(graphics: Graphics): graphics is Tried {
  return graphics?.kind === 'tried' && graphics.trial.result === 'used';
}

function whereItComputes(threads: number, graphics: Graphics): string {
  const processor = `the main processor with ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  if (!isOnCard(graphics)) return `on ${processor}`;
  const { device, layers } = graphics.trial;
  const card = `the graphics card ${device ?? ''}`.trim();
  if (layers === null || !isInPart(graphics.trial)) return `on ${card}`;
  return `on ${card} (${layers.onCard} of ${layers.all} layers) and ${processor}`;
}

/** Why the graphics of this computer compute, or do not. */
function whyGraphics(graphics: Graphics): string {
  if (graphics === null) return '';
  if (graphics.kind === 'off')
    return 'The policy of your organisation leaves graphics cards out (graphicsCard).';
  if (graphics.kind === 'crashed')
    return 'The graphics card was tried, and its driver went down. It is left alone until the next version of Cloister.';
  const { result, device, tokensPerSecond } = graphics.trial;
  const card = device === null || device === '' ? 'The graphics card' : `The graphics card ${device}`;
  const speed = Math.round(tokensPerSecond ?? 0);
  switch (result) {
    case 'used':
      if (isInPart(graphics.trial))
        return 'Not all of the model fits into what is free of the memory of the card: as many of its layers lie there as do. It was tried first: both together compute what the main processor computes alone, and faster.';
      return 'It was tried first: it computes what the main processor computes, and faster.';
    case 'none':
      return 'No graphics card was found that could help.';
    case 'integrated':
      return `The graphics of this computer (${device ?? 'Intel'}) are part of its processor, and their drivers too unreliable: they are left alone.`;
    case 'too-small':
      return `${card} was tried: what is free of its memory is too small for the model. A smaller one may fit.`;
    case 'slower':
      return `${card} was tried: it makes ${speed} tokens a second, which is no gain.`;
    case 'wrong':
      return `${card} was tried: it computes something else than the main processor, so it is left alone.`;
    case 'failed':
      return `${card} was tried, and could not run the model. It is left alone until the next version of Cloister.`;
  }
}
