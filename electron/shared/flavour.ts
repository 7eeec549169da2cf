/**
 * `release`: packaged over the official Electron, for patients' data. `development`: anything else; it says so on
 * screen and accepts only patient references that begin with `syntheticPatientPrefix`.
 */
export type Flavour = 'release' | 'development';

export const syntheticPatientPrefix = 'SYN-';
