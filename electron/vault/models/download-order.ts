import { hostOf, splitHosts } from '../../links/download-hosts.ts';
import type { DownloadOrder } from '../../links/egress-control.ts';
import type { AppError } from '../../shared/app-error.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import type { CatalogueFile } from './model-catalogue.ts';
import { noHost, notAllowedByPolicy } from './download-errors.ts';

export type DownloadRules = Pick<
  PolicySettings,
  'modelDownload' | 'modelDownloadHosts' | 'modelMirror' | 'modelMirrorCertificate'
>;

const publisher = 'https://huggingface.co';

/** @returns why nothing may be downloaded at all */
export function refusalOf(rules: DownloadRules): AppError | null {
  if (rules.modelDownload !== 'allowed') return notAllowedByPolicy;
  return hostsOf(rules).length === 0 ? noHost : null;
}

/** What may be connected to, as the policy writes it; none where nothing may be downloaded. */
export function downloadHosts(rules: DownloadRules): readonly string[] {
  return refusalOf(rules) === null ? hostsOf(rules) : [];
}

/** The name of the host that is asked first. */
export function sourceOf(rules: DownloadRules): string {
  return hostOf(new URL(baseOf(rules)));
}

/** What the egress process is told: the file, and the hosts and the authority of the policy. */
export function downloadOrder(
  rules: DownloadRules,
  { repository, revision, file, sizeBytes, sha256 }: CatalogueFile & { readonly revision: string },
  partPath: string,
): Result<DownloadOrder> {
  const refusal = refusalOf(rules);
  if (refusal !== null) return err(refusal);
  const path = [...repository.split('/'), 'resolve', revision, file].map(encodeURIComponent).join('/');
  return ok({
    url: `${baseOf(rules)}/${path}`,
    hosts: [...hostsOf(rules)],
    authority:
      rules.modelMirror === '' || rules.modelMirrorCertificate === '' ? null : rules.modelMirrorCertificate,
    sizeBytes,
    sha256,
    partPath,
  });
}

function baseOf({ modelMirror }: DownloadRules): string {
  return modelMirror === '' ? publisher : modelMirror.replace(/\/$/, '');
}

/** A mirror is asked alone: it redirects nowhere. */
function hostsOf({ modelMirror, modelDownloadHosts }: DownloadRules): readonly string[] {
  return modelMirror === '' ? splitHosts(modelDownloadHosts) : [hostOf(new URL(modelMirror))];
}
