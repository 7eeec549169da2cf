import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';
import { z } from 'zod';
import { appOrigin, shellChannels, type ChosenFile, type SavePurpose } from '../shared/shell-contract.ts';
import { isOurs } from './session-policy.ts';
import { themeSchema, type Theme } from './theme.ts';

const purposeSchema = z.enum(['recovery-key', 'audit-bundle', 'backup']);
/** A plain file name of ours: no folder, no hidden file, no control character. */
const fileNameSchema = z
  .string()
  .max(120)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._()-]*$/);

/** Answers the requests of shell-contract.ts, from the main frame of our own page in our own window and nobody else. */
export function serveShellRequests(deps: {
  readonly ipcMain: IpcMain;
  readonly contents: WebContents;
  readonly theme: Theme;
  readonly requestTextPort: () => void;
  readonly chooseSaveFile: (purpose: SavePurpose, suggestedName: string) => Promise<ChosenFile | null>;
  readonly chooseModelFile: () => Promise<ChosenFile | null>;
}): void {
  const { ipcMain, contents, theme } = deps;

  const serve = (channel: string, answer: (...input: readonly unknown[]) => unknown): void => {
    ipcMain.handle(channel, (event, ...input: unknown[]) => {
      if (!isFromOurPage(event, contents)) throw new Error('this sender may not ask');
      return answer(...input);
    });
  };

  ipcMain.on(shellChannels.requestTextPort, (event) => {
    if (isFromOurPage(event, contents)) deps.requestTextPort();
  });
  serve(shellChannels.getTheme, () => theme.get());
  serve(shellChannels.setTheme, (preference) => {
    theme.set(parse(themeSchema, preference));
  });
  serve(shellChannels.chooseSaveFile, (purpose, suggestedName) =>
    deps.chooseSaveFile(parse(purposeSchema, purpose), parse(fileNameSchema, suggestedName)),
  );
  serve(shellChannels.chooseModelFile, () => deps.chooseModelFile());
  serve(shellChannels.print, () => print(contents));
}

/** Our page sends nothing else, so this is a bug or an attack. Electron prints what is thrown here: it quotes nothing. */
function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new Error('malformed request');
  return parsed.data;
}

/** A frame that is gone has no origin to check, so it is refused as well. */
export function isFromOurPage(
  event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>,
  contents: WebContents,
): boolean {
  const { sender, senderFrame } = event;
  return (
    sender === contents &&
    senderFrame !== null &&
    senderFrame.parent === null &&
    senderFrame.origin === appOrigin &&
    isOurs(senderFrame.url)
  );
}

/** The system's dialog tells the person what became of it, so a failure or a cancelled print is not reported again. */
function print(contents: WebContents): Promise<void> {
  return new Promise((resolve) => {
    contents.print({ silent: false, printBackground: false }, () => {
      resolve();
    });
  });
}
