import { lstatSync, rmSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { answerCommand, type ControlChannel } from '../../links/control-channel.ts';
import { toVaultFromCommandSchema, type ToCommand } from '../../links/control-messages.ts';
import { controlPath } from '../../links/control-socket.ts';
import type { LocalLine } from '../../links/network-guard-line.ts';
import { appError } from '../../shared/app-error.ts';
import { err, type Result } from '../../shared/result.ts';
import { signEd25519 } from '../log/ed25519.ts';
import type { RequestTable } from '../requests/request-table.ts';
import type { OpenSession } from '../session/open-session.ts';
import { createCommandSignIn, type CommandSignIn, type CommandSignInDeps } from './command-sign-in.ts';

/** Milliseconds: time enough to type a passphrase. */
const patienceMs = 120_000;
const connectionsAtOnce = 4;

export type CommandDeps = Omit<CommandSignInDeps, 'session' | 'keyring'> & {
  /** Null where this process may not listen. */
  readonly line: LocalLine | null;
  /** The requests of the contract, asked in the name of this session. */
  readonly tableOf: (session: OpenSession) => RequestTable;
  /** A conversation ended by a failure of ours. */
  readonly onFailure: () => void;
};

/**
 * Listens for commands in a terminal as long as somebody is signed in: there is nothing to ask of a locked vault. The line
 * itself is described in `links/control-channel.ts`.
 */
export function serveCommands(
  deps: CommandDeps & Pick<CommandSignInDeps, 'session' | 'keyring'> & { readonly dataFolder: string },
): { close(): void } {
  const { line, session, dataFolder } = deps;
  const { installationId } = deps.keyring();
  const path = controlPath(dataFolder, installationId, process.platform);
  const open = new Map<Duplex, CommandSignIn>();
  /** One passphrase at a time: each derivation takes 64 MiB. */
  let isTrying = false;
  let isOver = false;

  async function alone<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    if (isTrying) return err(busy);
    isTrying = true;
    try {
      return await work();
    } finally {
      isTrying = false;
    }
  }

  async function converse(socket: Duplex, signIn: CommandSignIn): Promise<void> {
    const sign = (text: Uint8Array): Uint8Array => signEd25519(text, session.logSeed);
    const patience = patienceOf(socket);
    patience.begin();
    const channel = await answerCommand(socket, { installationId, origin: session.origin }, sign);
    patience.end();
    if (channel === null) return;
    let table: RequestTable | null = null;
    let visitor: OpenSession | null = null;
    for (;;) {
      patience.begin();
      const message = toVaultFromCommandSchema.safeParse(await channel.next());
      patience.end();
      if (!message.success || isOver) return;
      const { data } = message;
      if (data.kind === 'request') {
        if (visitor === null || table === null) return;
        const answer = await table(data.name, visitor.actor.role, data.input);
        if (isOver) return;
        say(
          channel,
          answer.ok ? { kind: 'answer', value: answer.value } : { kind: 'refused', error: answer.error },
        );
      } else {
        const step =
          data.kind === 'sign-in'
            ? await alone(() => signIn.start(data.userId, data.passphrase))
            : signIn.giveSecondFactor(data.code);
        if (isOver) return;
        if (!step.ok) say(channel, { kind: 'refused', error: step.error });
        else if (step.value === 'second-factor') say(channel, { kind: 'second-factor-wanted' });
        else {
          visitor = step.value;
          table = deps.tableOf(visitor);
          say(channel, { kind: 'signed-in' });
        }
      }
    }
  }

  function greet(socket: Duplex): void {
    const signIn = createCommandSignIn(deps);
    open.set(socket, signIn);
    socket.on('error', () => socket.destroy());
    // What fails here (a full disk, a session that was closed meanwhile) ends this command, never the vault.
    void converse(socket, signIn)
      .catch(deps.onFailure)
      .finally(() => {
        socket.destroy();
        open.delete(socket);
        if (!isOver) leave(signIn);
      });
  }

  function leave(signIn: CommandSignIn): void {
    try {
      signIn.end();
    } catch {
      deps.onFailure();
    }
  }

  if (path !== null) removeLeftOver(path);
  const server = path === null ? undefined : line?.listen(path, connectionsAtOnce, greet);

  return {
    close() {
      if (isOver) return;
      isOver = true;
      server?.close();
      for (const [socket, signIn] of open) {
        socket.destroy();
        leave(signIn);
      }
    },
  };
}

/** Whoever says nothing for so long is gone. While the vault works on something, nothing is expected of the other end. */
function patienceOf(socket: Duplex): { begin(): void; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      timer = setTimeout(() => socket.destroy(), patienceMs);
    },
    end() {
      clearTimeout(timer);
    },
  };
}

function say(channel: ControlChannel, message: ToCommand): void {
  channel.send(message);
}

/** Of a vault that was killed. Anything that is no socket is not ours, and stays. */
function removeLeftOver(path: string): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
  } catch {
    // Then there is no place to listen, which a command will say. Nobody's sign-in fails for that.
    return;
  }
}

const busy = appError(
  'invalid-input',
  'Another command is signing in. Wait a moment and start this one again.',
);
