/** How the inference process ends by itself. A reason is a number and nothing else: text could quote a prompt. */
export const exitCodes = { portClosed: 0, malformedMessage: 65, bug: 70, graphicsFailed: 71 } as const;
