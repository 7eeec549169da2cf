import type { ModelStatus } from '../../shared/contract.ts';

/** Of a model of which nobody has said anything yet. */
export const beforeLoad: ModelStatus = { state: 'loading', step: 'checking', fraction: 0 };
