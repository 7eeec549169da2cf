import type { ClipboardEvent as FieldEvent } from 'react';
import type { AppError } from '../../../electron/shared/app-error.ts';
import type { TurnId } from '../../../electron/shared/ids.ts';
import type { VaultClient } from '../../bridge/vault-client.ts';

/**
 * Puts text on the clipboard after it was recorded, never before. The page has no clipboard permission: the text goes
 * through the browser's own copy command, with a listener that lives for this one command.
 */
export async function recordedCopy(
  vault: VaultClient,
  turnId: TurnId | null,
  text: string,
): Promise<AppError | null> {
  const recorded = await vault.request('clipboard.recordCopy', { turnId, text });
  if (!recorded.ok) return recorded.error;
  const onCopy = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData('text/plain', text);
  };
  document.addEventListener('copy', onCopy, { capture: true, once: true });
  document.execCommand('copy');
  document.removeEventListener('copy', onCopy, { capture: true });
  return null;
}

/** The selected text of a field or of the page. */
export function selectedText(target: EventTarget | null): string {
  if (target instanceof HTMLTextAreaElement)
    return target.value.slice(target.selectionStart, target.selectionEnd);
  return document.getSelection()?.toString() ?? '';
}

/**
 * A copy by keyboard or menu is recorded first too; a cut then takes the text out.
 * @param copy tells whether the text is on the clipboard
 * @param onCut hears what is left in the field; without it nothing is taken out
 */
export function copyFromField(
  event: FieldEvent<HTMLTextAreaElement>,
  copy: (text: string) => Promise<boolean>,
  onCut?: (rest: string) => void,
): void {
  const text = selectedText(event.target);
  event.preventDefault();
  if (text === '') return;
  const { selectionStart, selectionEnd, value } = event.currentTarget;
  void copy(text).then((copied) => {
    if (copied) onCut?.(value.slice(0, selectionStart) + value.slice(selectionEnd));
  });
}
