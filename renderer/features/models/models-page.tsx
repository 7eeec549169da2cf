import type { ReactNode } from 'react';
import { modelStrings as words } from '../../strings/model-strings.ts';
import { DownloadSection } from './download-section.tsx';
import { LibrarySection } from './library-section.tsx';

/** Which models this computer has, and how others come here. */
export function ModelsPage(): ReactNode {
  return (
    <main className="page">
      <header className="page-head">
        <div>
          <h1>{words.title}</h1>
          <p className="quiet">{words.detail}</p>
        </div>
      </header>
      <LibrarySection />
      <DownloadSection />
    </main>
  );
}
