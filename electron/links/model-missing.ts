import { appError } from '../shared/app-error.ts';

export const modelMissing = appError(
  'model-missing',
  'The model file is not on this computer, so nothing can be drafted. Your records are kept and can still be read. Tell IT that the model must be installed.',
);
