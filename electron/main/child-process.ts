import { utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';

/** One run of a process of ours. */
export type Child = {
  post(message: unknown, port?: MessagePortMain): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the process is gone. */
  onEnded(listener: (exitCode: number) => void): void;
  kill(): void;
};

/** Owns one utility process from its start to its end. What it prints is thrown away: it could quote clinical text. */
export class ChildProcess implements Child {
  readonly #process: UtilityProcess;

  constructor(options: {
    readonly entry: string;
    readonly serviceName: string;
    readonly environment: Record<string, string>;
  }) {
    const { entry, serviceName, environment } = options;
    this.#process = utilityProcess.fork(entry, [], { serviceName, env: environment, stdio: 'ignore' });
  }

  post(message: unknown, port?: MessagePortMain): void {
    this.#process.postMessage(message, port === undefined ? [] : [port]);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on('message', listener);
  }

  onEnded(listener: (exitCode: number) => void): void {
    this.#process.once('exit', listener);
  }

  /** Not `UtilityProcess.kill`, which asks: a process that hangs would hold keys and text for seconds longer. */
  kill(): void {
    const { pid } = this.#process;
    try {
      if (pid === undefined) this.#process.kill();
      else process.kill(pid, 'SIGKILL');
    } catch {
      // It ended at this moment.
      return;
    }
  }
}
