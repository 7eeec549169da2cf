import { FileText } from 'lucide-react';
import { useId, type ReactNode, type RefObject } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { copyFromField } from './recorded-copy.ts';
import { SourceMeter } from './source-meter.tsx';
import type { WorkspaceModel } from './use-workspace.ts';

export function SourcePane(props: {
  readonly model: WorkspaceModel;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onClear: () => void;
}): ReactNode {
  const { model, field, onClear } = props;
  const { desk, running } = model;
  const id = useId();
  const hasPatient = desk.patientReference.trim() !== '';

  const copied = (text: string): Promise<boolean> => model.copy(text, false);

  return (
    <section className="pane" aria-labelledby={`${id}-title`}>
      <header className="pane-head">
        <h2 id={`${id}-title`}>{words.source}</h2>
        <span className="spacer" />
        <label htmlFor={`${id}-patient`}>{words.patient}</label>
        <input
          id={`${id}-patient`}
          className="patient"
          value={desk.patientReference}
          placeholder={words.patientHint}
          autoComplete="off"
          spellCheck={false}
          disabled={running}
          onChange={(event) => {
            model.change({ patientReference: event.target.value });
          }}
        />
      </header>
      <textarea
        ref={field}
        autoComplete="off"
        className="text"
        aria-label={words.source}
        placeholder={words.sourceEmpty}
        value={desk.sourceText}
        spellCheck={false}
        readOnly={running}
        onChange={(event) => {
          model.change({ sourceText: event.target.value });
        }}
        onCopy={(event) => {
          copyFromField(event, copied);
        }}
        onCut={(event) => {
          copyFromField(event, copied, (sourceText) => {
            model.change({ sourceText });
          });
        }}
      />
      <SourceMeter source={model.source} />
      <footer className="pane-foot">
        <label className="button secondary file-button" data-disabled={!hasPatient || running}>
          <FileText aria-hidden="true" size={16} /> {words.open}
          <input
            type="file"
            accept=".txt,text/plain"
            aria-label={words.open}
            disabled={!hasPatient || running}
            onChange={(event) => {
              const file = event.target.files?.item(0);
              if (file !== null && file !== undefined) void model.openFile(file);
              event.target.value = '';
            }}
          />
        </label>
        {!hasPatient && <span className="hint">{words.needPatient}</span>}
        <span className="spacer" />
        <span className="quiet figures">{words.words(wordCount(desk.sourceText))}</span>
        <Button kind="plain" onClick={onClear} disabled={running}>
          {words.clear}
        </Button>
      </footer>
    </section>
  );
}

function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
