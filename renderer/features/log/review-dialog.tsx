import { useId, useState, type ReactNode } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { RequestOutput } from '../../../electron/shared/contract.ts';
import { entrySchema } from '../../../electron/shared/ids.ts';
import { useApp } from '../../app/app-context.ts';
import { logStrings as words } from '../../strings/log-strings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { ErrorMessage } from '../../ui/message.tsx';

/** @param props.newest the newest entry that was on the screen: what came since, nobody can have looked at */
export function ReviewDialog(props: {
  readonly newest: number;
  readonly onClose: () => void;
  readonly onReviewed: (review: RequestOutput<'log.review'>) => void;
}): ReactNode {
  const { vault } = useApp();
  const [upTo, setUpTo] = useState(String(props.newest));
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const id = useId();
  const entry = entrySchema.safeParse(/^\d+$/.test(upTo.trim()) ? Number(upTo) : null);
  const isFit = entry.success && entry.data <= props.newest;

  async function save(): Promise<void> {
    if (!entry.success) return;
    setBusy(true);
    const result = await vault.request('log.review', { upTo: entry.data, note });
    setBusy(false);
    if (result.ok) props.onReviewed(result.value);
    else setError(result.error);
  }

  return (
    <Dialog title={words.review} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>{words.reviewDetail}</p>
        <Field label={words.reviewUpTo} value={upTo} inputMode="numeric" required onText={setUpTo} />
        <div className="field">
          <label htmlFor={id}>{words.reviewNote}</label>
          <p className="hint" id={`${id}-hint`}>
            {words.reviewNoteHint}
          </p>
          <textarea
            id={id}
            rows={3}
            maxLength={500}
            value={note}
            autoComplete="off"
            aria-describedby={`${id}-hint`}
            onChange={(event) => {
              setNote(event.target.value);
            }}
          />
        </div>
        <ErrorMessage error={error} />
        <div className="row">
          <Button onClick={props.onClose}>{words.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy || !isFit}>
            {words.reviewSave}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
