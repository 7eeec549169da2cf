import { useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { workspaceStrings as words } from '../../strings/workspace-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { DraftPane } from './draft-pane.tsx';
import { SourcePane } from './source-pane.tsx';
import { useWorkspace } from './use-workspace.ts';

/** Source on the left, draft on the right, nothing else. */
export function Workspace(props: {
  /** Gives the way to save what is on the desk, for the moment before it is left. */
  readonly onSaveReady: (save: () => Promise<void>) => void;
}): ReactNode {
  const model = useWorkspace(props.onSaveReady);
  const [asking, setAsking] = useState<'clear' | 'again' | null>(null);
  const running = model.answer !== null && model.answer.end === null;

  function write(): void {
    if (running) return;
    if (model.desk.editedText !== null && model.acceptedEntry === null) setAsking('again');
    else void model.write();
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') write();
    if (event.key === 'Escape' && running) void model.stop();
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
    <main className="workspace">
      <SourcePane
        model={model}
        running={running}
        onClear={() => {
          setAsking('clear');
        }}
      />
      <DraftPane model={model} running={running} onWrite={write} />
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
                void (asking === 'clear' ? model.clear() : model.write());
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
