type Field = HTMLInputElement | HTMLTextAreaElement;

/**
 * A browser cuts what is pasted or dropped into a field at the field's longest length, without a word, and a part of a reference or a
 * reason looks like the whole. Here it is refused whole, and the field says by how much.
 */
export function refuseLongPastes(page: Document): void {
  const refuse = (event: Event, transfer: DataTransfer | null): void => {
    const field = event.target;
    if (!isField(field) || field.maxLength < 0) return;
    const over = lengthWith(field, transfer?.getData('text/plain') ?? '') - field.maxLength;
    if (over <= 0) return;
    event.preventDefault();
    field.setCustomValidity(tooLong(over));
    field.reportValidity();
    const takeBack = (): void => {
      field.setCustomValidity('');
    };
    for (const change of ['input', 'blur']) field.addEventListener(change, takeBack, { once: true });
  };
  page.addEventListener('paste', (event) => {
    refuse(event, event.clipboardData);
  });
  page.addEventListener('drop', (event) => {
    refuse(event, event.dataTransfer);
  });
}

const isField = (target: EventTarget | null): target is Field =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** In place of what is selected. */
function lengthWith({ value, selectionStart, selectionEnd }: Field, text: string): number {
  return value.length - ((selectionEnd ?? 0) - (selectionStart ?? 0)) + text.length;
}

const tooLong = (over: number): string =>
  `This is ${over.toLocaleString('en')} ${over === 1 ? 'character' : 'characters'} too long for this field, so nothing of it was taken in.`;
