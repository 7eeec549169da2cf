import { HardDriveUpload, Square, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { ModelImport, ModelLibrary } from '../../../electron/shared/library-contract.ts';
import { modelStrings as words } from '../../strings/model-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { LicenceDialog } from './licence-dialog.tsx';
import type { Library } from './use-library.ts';
import { ColumnHeads } from '../../ui/column-heads.tsx';

/** What is approved and what of it is here, and the way for a file from a drive. */
export function LibrarySection(props: Library): ReactNode {
  const { library, error, importFile, stop, choose, remove } = props;
  if (library === null) return <ErrorMessage error={error} />;
  const { fraction } = library.import;
  return (
    <section className="downloads" aria-label={words.library}>
      <h2>{words.library}</h2>
      <LibraryTable models={library.models} onChoose={choose} onRemove={remove} />
      {library.models.length > 1 && <p className="quiet">{words.quantisation}</p>}
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

type Model = ModelLibrary['models'][number];

function LibraryTable(props: {
  readonly models: readonly Model[];
  readonly onChoose: (modelId: string) => void;
  readonly onRemove: (modelId: string) => void;
}): ReactNode {
  const { models, onChoose, onRemove } = props;
  const [licence, setLicence] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Model | null>(null);
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
                <td className="wrap">{words.use(model.use)}</td>
                <td className="figures">{words.size(model.sizeBytes)}</td>
                <td className="wrap figures">{words.measured(model)}</td>
                <td>
                  <button
                    type="button"
                    className="link"
                    aria-label={words.licence(model.licence, model.name)}
                    onClick={() => {
                      setLicence(model.licence);
                    }}
                  >
                    {model.licence}
                  </button>
                </td>
                <td className="wrap">{words.state(model)}</td>
                <td>
                  <Deeds
                    model={model}
                    onChoose={onChoose}
                    onRemove={() => {
                      setRemoving(model);
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {licence !== null && (
        <LicenceDialog
          licence={licence}
          onClose={() => {
            setLicence(null);
          }}
        />
      )}
      {removing !== null && (
        <RemoveDialog
          model={removing}
          onRemove={onRemove}
          onClose={() => {
            setRemoving(null);
          }}
        />
      )}
    </div>
  );
}

/** Of a model that is here. The one that answers stays, and so does the one that will. */
function Deeds(props: {
  readonly model: Model;
  readonly onChoose: (modelId: string) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const { modelId, name, isInstalled, isInUse, isNext } = props.model;
  if (!isInstalled) return null;
  return (
    <span className="row tight">
      {!isNext && (
        <Button
          aria-label={words.about(words.choose, name)}
          onClick={() => {
            props.onChoose(modelId);
          }}
        >
          {words.choose}
        </Button>
      )}
      {!isNext && !isInUse && (
        <Button
          kind="plain"
          aria-label={words.about(words.remove, name)}
          title={words.remove}
          onClick={props.onRemove}
        >
          <Trash2 aria-hidden="true" size={16} />
        </Button>
      )}
    </span>
  );
}

function RemoveDialog(props: {
  readonly model: Model;
  readonly onRemove: (modelId: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { model, onRemove, onClose } = props;
  return (
    <Dialog title={words.removeTitle(model.name)} onClose={onClose}>
      <p>{words.removeDetail}</p>
      <div className="row end">
        <Button onClick={onClose}>{words.keep}</Button>
        <Button
          kind="primary"
          onClick={() => {
            onRemove(model.modelId);
            onClose();
          }}
        >
          {words.remove}
        </Button>
      </div>
    </Dialog>
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
