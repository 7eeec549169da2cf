export const modelStrings = {
  title: 'Models',
  detail: 'What the catalogue approves. Nothing else is ever loaded.',
} as const;
