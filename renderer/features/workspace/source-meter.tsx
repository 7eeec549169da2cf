import type { ReactNode } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import type { SourceModel } from './use-source.ts';

/** How much of what the model reads at once the source takes, and whether it has read it already. */
export function SourceMeter({ source }: { readonly source: SourceModel }): ReactNode {
  const { fit, prepared } = source;
  if (fit === null) return null;
  const percent = Math.round((fit.promptTokens / fit.roomTokens) * 100);
  const isTooLong = fit.overWords > 0 || fit.parts === null;
  const label = isTooLong ? words.fitTooLong(fit.overWords) : words.fits(Math.min(100, percent));
  return (
    <div className="source-meter" data-over={isTooLong}>
      <div
        className="source-bar"
        role="meter"
        aria-label={words.fitLabel}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={label}
      >
        <span style={{ width: `${Math.min(100, percent)}%` }} />
      </div>
      <span className="figures">{label}</span>
      <span className="spacer" />
      {prepared !== null && (
        <span className="quiet figures" role="status">
          {prepared >= 1 ? words.prepared : words.preparing(Math.floor(prepared * 100))}
        </span>
      )}
    </div>
  );
}
