import { HardDriveUpload, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ModelImport, ModelLibrary } from '../../../electron/shared/library-contract.ts';
import { modelStrings as words } from '../../strings/model-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { useLibrary } from './use-library.ts';
import { ColumnHeads } from '../../ui/column-heads.tsx';

/** What the catalogue approves and what of it is here, and the way for a file from a drive. */
export function LibrarySection(): ReactNode {
  const { library, error, importFile, stop } = useLibrary();
  if (library === null) return <ErrorMessage error={error} />;
  const { fraction } = library.import;
  return (
    <section className="downloads" aria-label={words.library}>
      <h2>{words.library}</h2>
      <LibraryTable models={library.models} />
      <div className="row start">
        {fraction === null ? (
          <Button onClick={() => void importFile()}>
            <HardDriveUpload aria-hidden="true" size={16} /> {words.importFile}
          </Button>
        ) : (
          <Button onClick={stop}>
            <Square aria-hidden="true" size={16} /> {words.stop}
          </Button>
        )}
        <p className="quiet">{words.importDetail}</p>
      </div>
      <ImportState {...library.import} />
      <ErrorMessage error={error} />
    </section>
  );
}

function LibraryTable({ models }: Pick<ModelLibrary, 'models'>): ReactNode {
  if (models.length === 0) return <p>{words.none}</p>;
  return (
    <div className="log-list">
      <div className="table-scroll">
        <table>
          <ColumnHeads columns={words.columns} />
          <tbody>
            {models.map((model) => (
              <tr key={model.modelId}>
                <th scope="row">{model.name}</th>
                <td className="wrap">{model.use}</td>
                <td className="figures">{words.size(model.sizeBytes)}</td>
                <td className="quiet">{model.licence}</td>
                <td>{words.state(model)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function ImportState({ fraction, added, problem }: ModelImport): ReactNode {
  if (fraction !== null)
    return (
      <p className="download-state figures">
        {words.reading(fraction)} <progress value={fraction} max={1} aria-label={words.readingFile} />
      </p>
    );
  if (problem?.code === 'cancelled') return <InfoMessage>{problem.message}</InfoMessage>;
  return (
    <>
      <ErrorMessage error={problem} />
      {added !== null && <InfoMessage>{words.added(added)}</InfoMessage>}
    </>
  );
}
