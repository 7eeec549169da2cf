/** A failure that the reader can act on: its message is printed alone, without a stack. */
export class SetupError extends Error {
  /** @param {string} message what happened, what was kept, what to do next */
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/** Set-up speaks on stderr, so that commands whose output is data (a path, JSON) stay clean. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * A progress reporter: one line redrawn on a terminal, else a line per ten percent.
 * @param {string} label
 * @param {{ isTTY?: boolean | undefined, write: (text: string) => unknown }} [out]
 */
export function progress(label, out = process.stderr) {
  let lastTenth = -1;
  let lastText = '';
  const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(0);
  return {
    /** @param {number} done bytes @param {number | null} total bytes, when known */
    at(done, total) {
      const share = total ? Math.min(1, done / total) : null;
      const text =
        share === null
          ? `${label}: ${megabytes(done)} MB`
          : `${label}: ${String(Math.floor(share * 100)).padStart(3)} % of ${megabytes(total ?? 0)} MB`;
      if (out.isTTY) {
        if (text !== lastText) out.write(`\r${text}\u001B[K`);
      } else {
        const tenth = share === null ? Math.floor(done / 50e6) : Math.floor(share * 10);
        if (tenth > lastTenth) out.write(`${text}\n`);
        lastTenth = Math.max(lastTenth, tenth);
      }
      lastText = text;
    },
    end() {
      if (out.isTTY && lastText) out.write('\n');
    },
  };
}
