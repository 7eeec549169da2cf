import type { MessagePortMain } from 'electron';
import type { Port } from './port.ts';

/** Electron's port as our `Port`. Messages wait until the first listener is there. */
export function messagePort(port: MessagePortMain): Port {
  return {
    postMessage: (message) => {
      port.postMessage(message);
    },
    onMessage: (listener) => {
      port.on('message', (event) => {
        listener(event.data);
      });
      port.start();
    },
    onClose: (listener) => {
      port.on('close', listener);
    },
    close: () => {
      port.close();
    },
  };
}
