import { appOrigin, textPortMessage } from '../../electron/shared/shell-contract.ts';

/** What the client needs of a DOM MessagePort. */
export type PagePort = {
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
};

/** Main sends a port at page load, and again by itself after the vault was started anew. */
export function listenForTextPort(onPort: (port: PagePort) => void): void {
  window.addEventListener('message', (event) => {
    const [port] = event.ports;
    if (
      event.source !== window ||
      event.origin !== appOrigin ||
      event.data !== textPortMessage ||
      port === undefined
    )
      return;
    onPort({
      postMessage: (message) => {
        port.postMessage(message);
      },
      onMessage: (listener) => {
        port.addEventListener('message', (received) => {
          listener(received.data);
        });
        port.start();
      },
      onClose: (listener) => {
        port.addEventListener('close', listener);
      },
    });
  });
}
