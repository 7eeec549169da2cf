import { FetchFailure, never, notNow } from './fetch-answer.ts';

const unreachable = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const interrupted = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);
const disk = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EIO',
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENODEV',
  'ENXIO',
]);

/** What an error of Node means for a download. One that none of these is known for is a bug, and is thrown on. */
export function failureOf(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return never('disk-full');
  if (code === 'ERR_CLOISTER_NETWORK_BLOCKED') return never('foreign-host');
  if (unreachable.has(code)) return notNow('unreachable');
  if (interrupted.has(code) || code.startsWith('HPE_')) return notNow('interrupted');
  if (disk.has(code)) return never('disk-failed');
  if (isAboutTls(code)) return never('not-secure');
  throw error;
}

/** Codes of the certificate check (names of X.509 errors) and of the handshake. */
function isAboutTls(code: string): boolean {
  return (
    /^(?:CERT|CRL|ERR_TLS|ERR_SSL|ERR_OSSL)_|^EPROTO$/.test(code) ||
    /(?:CERT|ISSUER|LEAF_SIGNATURE|PATH_LENGTH|CA|CHAIN|HOSTNAME)(?:_|$)/.test(code)
  );
}
