import { useLayoutEffect, useRef, type ReactNode } from 'react';

/**
 * Text that is being written. What is added becomes a text node of its own, so that a selection in what stands there already
 * stays. Once whole it is one node again.
 */
export function GrowingText(props: { readonly text: string; readonly growing: boolean }): ReactNode {
  const { text, growing } = props;
  const place = useRef<HTMLParagraphElement>(null);
  const shown = useRef('');

  useLayoutEffect(() => {
    const paragraph = place.current;
    if (paragraph === null || text === shown.current) return;
    if (shown.current !== '' && text.startsWith(shown.current))
      paragraph.append(text.slice(shown.current.length));
    else paragraph.textContent = text;
    shown.current = text;
  }, [text]);

  useLayoutEffect(() => {
    if (!growing) place.current?.normalize();
  }, [growing]);

  return <p ref={place} className="draft-text" data-testid="draft-text" data-running={growing} />;
}
