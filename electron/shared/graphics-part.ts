import type { GraphicsTrial } from './graphics.ts';

/** The main processor computes the rest of the model. Stands where the page can have it without the library behind the schemas. */
export function isInPart({ layers }: GraphicsTrial): boolean {
  return layers !== null && layers.onCard < layers.all;
}
