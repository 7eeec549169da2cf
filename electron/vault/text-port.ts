import { z } from 'zod';
import type { Port } from '../links/port.ts';
import type { VaultEvent } from '../shared/contract.ts';
import type { Caller } from '../shared/roles.ts';
import type { RequestTable } from './requests/request-table.ts';

const frameSchema = z.strictObject({
  id: z.int().nonnegative(),
  name: z.string().max(64),
  input: z.unknown(),
});

/** The vault's end of the text port: answers requests, posts events. A page that sends anything else is cut off. */
export type TextPort = { post(event: VaultEvent): void; close(): void };

export function serveTextPort(
  port: Port,
  deps: { readonly answer: RequestTable; readonly caller: () => Caller },
): TextPort {
  port.onMessage((message) => {
    const frame = frameSchema.safeParse(message);
    if (!frame.success) {
      port.close();
      return;
    }
    const { id, name, input } = frame.data;
    void deps.answer(name, deps.caller(), input).then((result) => {
      port.postMessage({ id, result });
    });
  });
  return {
    post: (event) => {
      port.postMessage(event);
    },
    close: () => {
      port.close();
    },
  };
}
