import { ok } from '../../shared/result.ts';
import type { ModelDownloads } from '../models/model-downloads.ts';
import type { Handlers } from './request-table.ts';

export type DownloadDeps = { readonly downloads: ModelDownloads };

/** Models from the network, where the policy allows that. */
export function downloadHandlers({
  downloads,
}: DownloadDeps): Pick<
  Handlers,
  'models.downloads' | 'models.download' | 'models.stopDownload' | 'models.discardDownload'
> {
  return {
    'models.downloads': () => ok(downloads.list()),
    'models.download': ({ modelId }) => downloads.start(modelId),
    'models.stopDownload': () => {
      downloads.stop();
      return ok({});
    },
    'models.discardDownload': ({ modelId }) => downloads.discard(modelId),
  };
}
