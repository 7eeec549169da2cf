/** What our links need of a port: Electron's MessagePortMain, a DOM MessagePort and Node's MessagePort all fit after wrapping. */
export type Port = {
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
};
