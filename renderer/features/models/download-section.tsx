import { Download, Square, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ModelDownloads } from '../../../electron/shared/download-contract.ts';
import { downloadStrings as words } from '../../strings/download-strings.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorMessage, InfoMessage } from '../../ui/message.tsx';
import { useDownloads, type Downloads } from './use-downloads.ts';
import { ColumnHeads } from '../../ui/column-heads.tsx';

type Model = ModelDownloads['models'][number];

/** Approved models from the network, where the policy allows that; where it does not, a sentence that says so. */
export function DownloadSection(): ReactNode {
  const downloads = useDownloads();
  const { list, error } = downloads;
  if (list === null) return <ErrorMessage error={error} />;
  const isRunning = list.models.some(isBusy);
  return (
    <section className="downloads" aria-label={words.title}>
      <h2>{words.title}</h2>
      {list.refusal !== null ? (
        <InfoMessage>{list.refusal}</InfoMessage>
      ) : (
        <>
          <p className="quiet">{words.detail(list.source)}</p>
          <ErrorMessage error={error} />
          {list.models.length === 0 ? (
            <p>{words.none}</p>
          ) : (
            <DownloadTable models={list.models} isRunning={isRunning} downloads={downloads} />
          )}
          {isRunning && <p className="hint">{words.whileRunning}</p>}
        </>
      )}
    </section>
  );
}

const isBusy = ({ progress }: Model): boolean =>
  progress.state === 'downloading' || progress.state === 'checking';

function DownloadTable(props: {
  readonly models: readonly Model[];
  readonly isRunning: boolean;
  readonly downloads: Downloads;
}): ReactNode {
  return (
    <div className="log-list">
      <div className="table-scroll">
        <table>
          <ColumnHeads columns={words.columns} />
          <tbody>
            {props.models.map((model) => (
              <tr key={model.modelId}>
                <th scope="row">{model.name}</th>
                <td className="figures">{words.size(model.sizeBytes)}</td>
                <td className="quiet">{model.licence}</td>
                <td className="wrap">
                  <State model={model} />
                </td>
                <td>
                  <Deeds {...props} model={model} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function State({ model: { progress, problem, sizeBytes } }: { readonly model: Model }): ReactNode {
  const fraction =
    'bytes' in progress ? progress.bytes / sizeBytes : 'fraction' in progress ? progress.fraction : null;
  return (
    <>
      <span className="download-state figures">
        {words.state[progress.state]}
        {fraction !== null && ` ${words.percent(fraction)}`}
      </span>
      {fraction !== null && <progress value={fraction} max={1} aria-label={words.state[progress.state]} />}
      {problem?.code === 'cancelled' ? <small>{problem.message}</small> : <ErrorMessage error={problem} />}
    </>
  );
}

function Deeds(props: {
  readonly model: Model;
  readonly isRunning: boolean;
  readonly downloads: Downloads;
}): ReactNode {
  const { model, isRunning, downloads } = props;
  const { modelId, name, progress } = model;
  if (progress.state === 'installed') return null;
  if (isBusy(model)) {
    return (
      <Button aria-label={words.about(words.stop, name)} onClick={downloads.stop}>
        <Square aria-hidden="true" size={16} /> {words.stop}
      </Button>
    );
  }
  const begin = progress.state === 'part' ? words.resume : words.download;
  return (
    <span className="row tight">
      <Button
        aria-label={words.about(begin, name)}
        disabled={isRunning}
        onClick={() => {
          downloads.start(modelId);
        }}
      >
        <Download aria-hidden="true" size={16} /> {begin}
      </Button>
      {progress.state === 'part' && (
        <Button
          kind="plain"
          aria-label={words.about(words.discard, name)}
          title={words.discard}
          onClick={() => {
            downloads.discard(modelId);
          }}
        >
          <Trash2 aria-hidden="true" size={16} />
        </Button>
      )}
    </span>
  );
}
