import { utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';

/** One run of a process of ours. */
export type Child = {
  post(message: unknown, port?: MessagePortMain): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the process is gone. */
  onEnded(listener: (exitCode: number) => void): void;
  kill(): void;
};

/** What a child of ours needs of the environment: folders and language. No NODE_OPTIONS, no proxy, no secrets. */
const inherited = [
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'LC_ALL',
  'TZ',
  'SystemRoot',
  'SystemDrive',
  'windir',
];

export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of inherited) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...extra };
}

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

  kill(): void {
    this.#process.kill();
  }
}
