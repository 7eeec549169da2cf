import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

const rowsBeyond = 8;

/** Rows `first` to `last - 1` are drawn; `above` and `below` are the heights of the others. Pixels. */
export type RowWindow = {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly first: number;
  readonly last: number;
  readonly above: number;
  readonly below: number;
  readonly onScroll: () => void;
  /** Scrolls just so far that this row can be seen. */
  reveal(row: number): void;
};

/** All rows have one height, so which of them can be seen is a division; a million rows cost what thirty do. */
export function useRowWindow(rows: number, rowHeight: number, headHeight: number): RowWindow {
  const scroller = useRef<HTMLDivElement | null>(null);
  const [seen, setSeen] = useState({ top: 0, height: 900 });
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    // A window begins at a row: scrolling within it draws nothing.
    const top = Math.floor(element.scrollTop / rowHeight) * rowHeight;
    const height = element.clientHeight;
    setSeen((known) => (known.top === top && known.height === height ? known : { top, height }));
  }, [rowHeight]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(onScroll);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [onScroll]);

  const first = Math.max(0, Math.min(rows, Math.floor(seen.top / rowHeight) - rowsBeyond));
  const last = Math.min(rows, Math.ceil((seen.top + seen.height) / rowHeight) + rowsBeyond);
  return {
    scroller,
    first,
    last,
    above: first * rowHeight,
    below: (rows - last) * rowHeight,
    onScroll,
    reveal(row) {
      const element = scroller.current;
      if (element === null) return;
      const top = row * rowHeight;
      const room = element.clientHeight - headHeight - rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top > element.scrollTop + room) element.scrollTop = top - room;
      onScroll();
    },
  };
}
