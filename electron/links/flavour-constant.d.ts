/** Replaced at build time (build/electron.vite.config.ts). */
declare const __CLOISTER_FLAVOUR__: 'release' | 'development';
