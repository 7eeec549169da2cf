import { appError, type AppError } from '../../../electron/shared/app-error.ts';
import { mostCharacters } from '../../../electron/shared/limits.ts';
import { err, ok, type Result } from '../../../electron/shared/result.ts';

const maximumCharacters = mostCharacters.source;
const maximumBytes = maximumCharacters * 4;

/** Reads a text file strictly: what is not UTF-8 text is refused and never shown with replacement characters. */
export async function readTextFile(
  file: Pick<File, 'size' | 'arrayBuffer'>,
): Promise<Result<string, AppError>> {
  if (file.size > maximumBytes) return err(tooLarge);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return err(unreadable);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return err(notText);
  }
  if (text.includes('\0')) return err(notText);
  if (text.length > maximumCharacters) return err(tooLarge);
  return ok(text.replaceAll('\r\n', '\n'));
}

const unreadable = appError(
  'file-unreadable',
  'This file could not be read: it may have been moved, or this account may not open it. Nothing was changed. Choose it again, or paste its words.',
);
const notText = appError(
  'file-not-text',
  'This file is not plain text, so it was not opened. Nothing was changed. Save it as a text file (UTF-8) and open it again, or paste its words.',
);
const tooLarge = appError(
  'file-too-large',
  `This file has more than ${maximumCharacters.toLocaleString('en')} characters, so it was not opened. Nothing was changed. Open a shorter one.`,
);
