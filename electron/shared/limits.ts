/** Without a library, so that the page can have it too. */

/**
 * Characters (UTF-16 code units) that are taken; a transcript of an hour is about 60,000. What is longer is refused whole: a part
 * of it would look like the whole.
 */
export const mostCharacters = { source: 400_000, question: 4000, patientReference: 64 } as const;

/** Drafts on one desk: the oldest leave it, and stay in the record. */
export const mostTurns = 50;
