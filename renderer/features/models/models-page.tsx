import type { ReactNode } from 'react';
import type { ModelLibrary } from '../../../electron/shared/library-contract.ts';
import { isInPart } from '../../../electron/shared/graphics-part.ts';
import { isOnCard, modelStrings as words } from '../../strings/model-strings.ts';
import { useApp } from '../../app/app-context.ts';
import { ErrorMessage } from '../../ui/message.tsx';
import { DownloadSection } from './download-section.tsx';
import { LibrarySection } from './library-section.tsx';
import { useLibrary } from './use-library.ts';

/** The one place that says what answers, on which hardware and why, or why nothing does. */
function InUse({ library }: { readonly library: ModelLibrary | null }): ReactNode {
  const { model } = useApp().state;
  const graphics = library?.graphics ?? null;
  return (
    <section className="downloads" aria-label={words.inUse}>
      <h2>{words.inUse}</h2>
      {model.state === 'failed' && <ErrorMessage error={model.error} />}
      {model.state === 'loading' && <p>{words.loading}</p>}
      {model.state === 'ready' && (
        <>
          <p className="figures">{words.computing(model, graphics)}</p>
          <p className="quiet">
            {isOnCard(graphics) && !isInPart(graphics.trial) ? '' : words.whyThreads}{' '}
            {words.whyGraphics(graphics)}
          </p>
        </>
      )}
    </section>
  );
}

/** Which models this computer has, and how others come here. */
export function ModelsPage(): ReactNode {
  const models = useLibrary();
  return (
    <main className="page">
      <header className="page-head">
        <div>
          <h1>{words.title}</h1>
          <p className="quiet">{words.detail}</p>
        </div>
      </header>
      <InUse library={models.library} />
      <LibrarySection {...models} />
      <DownloadSection />
    </main>
  );
}
