/** Tokens evaluated in one step. A stop acts between two steps, so this is also what a stop may have to wait for. */
export const stepTokens = 64;
