import type { CommandLineFacts } from '../links/command-line.ts';
import type { Result } from '../shared/result.ts';
import type { KdfParameters } from '../vault/keys/argon2.ts';

/** What a command may use of the world. */
export type CommandDeps = {
  readonly facts: CommandLineFacts;
  readonly platform: NodeJS.Platform;
  /** POSIX systems; null on Windows. */
  readonly userId: number | null;
  /** Windows' %ProgramData%. */
  readonly programData: string | undefined;
  /** Relative paths of arguments start here. */
  readonly workingFolder: string;
  /** Linux: where the kernel tells of itself, `/proc`. */
  readonly procFolder: string;
  /** Asks on the terminal without echo, or reads what is piped in. The caller zeroes the bytes. */
  readSecret(question: string): Promise<Result<Buffer>>;
  /** Only tests pass weaker parameters. */
  readonly kdf?: KdfParameters;
};

/** Whether the check, if the command is one, was passed: exit code 0 or 1. */
export type CommandReport = {
  readonly passed: boolean;
  /** For people. */
  readonly lines: readonly string[];
  /** With `--json`: the same for programs. */
  readonly json: unknown;
};

export type GivenWords = {
  /** As many as the command has arguments. */
  readonly values: readonly string[];
  /** Without the leading hyphens. */
  readonly options: Readonly<Record<string, string>>;
};

export type Command = {
  /** As it is typed: `policy check`. */
  readonly name: string;
  /** One sentence for the overview. */
  readonly summary: string;
  /** The rest of its help. */
  readonly explanation: readonly string[];
  /** Names of what stands after it: `FILE`. Each is needed. */
  readonly values: readonly string[];
  readonly options: readonly {
    readonly name: string;
    /** What the value is called in the help: `DIR`. */
    readonly value: string;
    readonly explanation: string;
    readonly needed: boolean;
  }[];
  /** @returns an error only for what kept the command from being carried out; a check that fails is a report */
  run(given: GivenWords, deps: CommandDeps): Promise<Result<CommandReport>>;
};
