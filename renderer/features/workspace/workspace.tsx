import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';
import type { CoverageStep } from '../../../electron/shared/turn-contract.ts';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { DraftPane } from './draft-pane.tsx';
import { SourcePane } from './source-pane.tsx';
import { isRunning } from './draft-assembly.ts';
import { useWorkspace } from './use-workspace.ts';
import { writeByKey, type WriteHow } from './write-row.tsx';

/** Source on the left, draft on the right, nothing else. */
export function Workspace(props: {
  /** Gives the way to save what is on the desk, for the moment before it is left. */
  readonly onSaveReady: (save: () => Promise<void>) => void;
}): ReactNode {
  const model = useWorkspace(props.onSaveReady);
  const [asking, setAsking] = useState<'clear' | WriteHow | null>(null);
  const place = useRef<HTMLElement>(null);
  const sourceField = useRef<HTMLTextAreaElement>(null);

  function write(how: WriteHow): void {
    if (how.again && model.hasUnsavedEdits) setAsking(how);
    else void model.write(how);
  }

  /** What a step of the model read, marked in the source. */
  function showInSource({ from, to }: CoverageStep): void {
    const field = sourceField.current;
    if (field === null) return;
    field.focus();
    field.setSelectionRange(from, to);
    // Browsers show the end of a selection that is set by a program; its beginning is wanted.
    field.scrollTop = (field.scrollHeight * from) / Math.max(1, field.value.length);
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    // The desk stays where it is while another place or a dialog has the person's attention.
    if (event.repeat || place.current?.checkVisibility() !== true || document.querySelector('dialog[open]'))
      return;
    const { answer } = model;
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
      const how = writeByKey(model);
      if (how !== null) write(how);
    }
    if (event.key === 'Escape' && isRunning(answer) && answer !== null) void model.stop(answer.turnId);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      onKey(event);
    };
    window.addEventListener('keydown', listener);
    return () => {
      window.removeEventListener('keydown', listener);
    };
  }, []);

  return (
    <main ref={place} className="workspace">
      <SourcePane
        model={model}
        field={sourceField}
        onClear={() => {
          setAsking('clear');
        }}
      />
      <DraftPane model={model} onWrite={write} onShowSource={showInSource} />
      {asking !== null && (
        <Dialog
          title={asking === 'clear' ? words.clearTitle : words.regenerateTitle}
          onClose={() => {
            setAsking(null);
          }}
        >
          <p>{asking === 'clear' ? words.clearDetail : words.regenerateDetail}</p>
          <div className="row">
            <Button
              onClick={() => {
                setAsking(null);
              }}
            >
              {words.keep}
            </Button>
            <Button
              kind="primary"
              onClick={() => {
                setAsking(null);
                void (asking === 'clear' ? model.clear() : model.write(asking));
              }}
            >
              {asking === 'clear' ? words.clearConfirm : words.regenerate}
            </Button>
          </div>
        </Dialog>
      )}
    </main>
  );
}
