import { err, ok, type Result } from '../../shared/result.ts';

/**
 * JSON in any layout that every reader reads alike. A member that stands twice (readers take the first or the last), a
 * number or character with another spelling (`1e1`, `\u0041`) and a byte order mark are refused: what IT reads in the
 * file is then what is in force.
 * @returns what is wrong, as part of a sentence
 */
export function parseUnambiguousJson(text: string): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('it is not JSON');
  }
  return withoutLayout(text) === JSON.stringify(value)
    ? ok(value)
    : err('a member stands twice in it, or a number or character is written in an unusual way');
}

/** @param text valid JSON: a backslash stands in strings only */
function withoutLayout(text: string): string {
  let inString = false;
  return text.replace(/\\.|"|[ \t\r\n]+/g, (token) => {
    if (token === '"') inString = !inString;
    return !inString && token.trim() === '' ? '' : token;
  });
}
