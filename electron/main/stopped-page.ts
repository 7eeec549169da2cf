/** Main's own page for when nothing else can speak: no script, no vault, one sentence. */
export type StoppedPage = {
  say(message: string): void;
  html(): string;
};

export const stoppedUrl = 'app://cloister/stopped';

export const stoppedMessages = {
  vault:
    'Cloister stopped several times in a row and does not try again. Everything that was shown is recorded. Close this window and start Cloister again; if it stops again, call IT.',
  page: 'The window of Cloister failed several times in a row. Everything that was shown is recorded. Close this window and start Cloister again; if it happens again, call IT.',
} as const;

export function createStoppedPage(): StoppedPage {
  let text: string = stoppedMessages.vault;
  return {
    say: (message) => {
      text = message;
    },
    // No style sheet: the policy allows none inside a page, and the system's colours and fonts are readable.
    html: () =>
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Cloister</title></head><body><main role="alert"><h1>Cloister has stopped</h1><p>${escapeHtml(text)}</p></main></body></html>`,
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
