import { once } from 'node:events';
import { callVault, type ControlChannel } from '../links/control-channel.ts';
import {
  toCommandSchema,
  type CommandRequest,
  type ToCommand,
  type ToVaultFromCommand,
} from '../links/control-messages.ts';
import { controlPath } from '../links/control-socket.ts';
import { appError } from '../shared/app-error.ts';
import { contract, type RequestInput, type RequestOutput } from '../shared/contract.ts';
import { err, ok, type Result } from '../shared/result.ts';
import type { Keyring, UserRecord } from '../vault/keys/keyring-schema.ts';
import { verifyEd25519 } from '../vault/log/ed25519.ts';
import { parseVerifierKey } from '../vault/log/signed-note.ts';
import type { Command, CommandDeps, GivenWords } from './command.ts';
import { readInstalledKeyring } from './installation.ts';

/** For the commands that ask the app while somebody is signed in there. */
export const askOptions: Command['options'] = [
  {
    name: 'as',
    value: 'NAME',
    explanation: 'The account in whose name is asked: its name, or its id where two have one name.',
    needed: true,
  },
];
export const askExplanation = [
  'Asks the running app, so somebody must be signed in at the screen; who that is does not matter. The passphrase is',
  'asked for and not shown, or read from a pipe: the passphrase in the first line, and where the account has a second',
  'factor, its code in the second. Every attempt is recorded, as at the screen.',
];

/** One request in the name of the account that `--as` names. */
export async function askApp<N extends CommandRequest>(
  name: N,
  input: RequestInput<N>,
  given: GivenWords,
  deps: CommandDeps,
): Promise<Result<RequestOutput<N>>> {
  const read = readInstalledKeyring(deps.facts.dataFolder);
  if (!read.ok) return read;
  const { keyring } = read.value;
  const account = accountNamed(keyring, given.options['as'] ?? '');
  if (!account.ok) return account;
  const called = await call(keyring, deps);
  if (!called.ok) return called;
  const channel = called.value;
  try {
    const signedIn = await signIn(channel, account.value, deps);
    if (!signedIn.ok) return signedIn;
    const answer = await exchange(channel, { kind: 'request', name, input });
    if (!answer.ok) return answer;
    const output: { parse(value: unknown): unknown } = contract[name].output;
    return answer.value.kind === 'answer'
      ? ok(output.parse(answer.value.value) as RequestOutput<N>)
      : err(brokenOff);
  } finally {
    channel.close();
  }
}

function accountNamed({ users }: Keyring, name: string): Result<UserRecord> {
  const found = users.filter(({ userId, displayName }) => userId === name || displayName === name);
  const [account] = found;
  if (account === undefined) return err(noAccount);
  return found.length > 1 ? err(severalAccounts) : ok(account);
}

async function call(keyring: Keyring, { facts, platform }: CommandDeps): Promise<Result<ControlChannel>> {
  const { installationId, log } = keyring;
  const path = controlPath(facts.dataFolder, installationId, platform);
  if (path === null || facts.localLine === null) return err(noPlace);
  const socket = facts.localLine.connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return err(nobodySignedIn);
  }
  socket.on('error', () => socket.destroy());
  const key = parseVerifierKey(log.verifierKey);
  const channel = await callVault(
    socket,
    { installationId, origin: log.origin },
    (text, signature) => key !== null && verifyEd25519(text, signature, key.publicKey),
  );
  return channel === null ? err(notTheVault) : ok(channel);
}

async function signIn(
  channel: ControlChannel,
  { userId, displayName }: UserRecord,
  deps: CommandDeps,
): Promise<Result<void>> {
  const secret = await deps.readSecret(`Passphrase of ${displayName}`);
  if (!secret.ok) return secret;
  // A program pipes in both secrets at once. The texts cannot be zeroed; they end with this process.
  const [passphrase = '', pipedCode = ''] = secret.value.toString('utf8').split(/\r?\n/);
  secret.value.fill(0);
  const first = await exchange(channel, { kind: 'sign-in', userId, passphrase });
  if (!first.ok) return first;
  if (first.value.kind === 'signed-in') return ok(undefined);
  const code =
    pipedCode === '' ? await deps.readSecret('Code of the second factor') : ok(Buffer.from(pipedCode));
  if (!code.ok) return code;
  const second = await exchange(channel, { kind: 'second-factor', code: code.value.toString('utf8').trim() });
  if (!second.ok) return second;
  return second.value.kind === 'signed-in' ? ok(undefined) : err(brokenOff);
}

/** One message there, one back. @returns what the vault refused with, as an error */
async function exchange(
  channel: ControlChannel,
  message: ToVaultFromCommand,
): Promise<Result<Exclude<ToCommand, { kind: 'refused' }>>> {
  channel.send(message);
  const answer = toCommandSchema.safeParse(await channel.next());
  if (!answer.success) return err(brokenOff);
  return answer.data.kind === 'refused' ? err(answer.data.error) : ok(answer.data);
}

const noAccount = appError(
  'invalid-input',
  'There is no account of this name in this installation. Nothing was asked. `cloister users` lists them.',
);
const severalAccounts = appError(
  'invalid-input',
  'Several accounts have this name. Nothing was asked. Give the id instead: `cloister users` lists them.',
);
const nobodySignedIn = appError(
  'not-signed-in',
  'Nobody is signed in to Cloister here, so its record is locked and there is nothing to ask. Nothing was done. Sign in at the screen, then start the command again.',
);
const noPlace = appError(
  'invalid-input',
  "The path of Cloister's data folder is too long for a socket on this system, so commands cannot ask the app. Nothing was done. Use the screen instead.",
);
const notTheVault = appError(
  'not-allowed',
  'What answered in the place of Cloister did not prove that it is the Cloister of this installation. No secret was sent. Quit Cloister, look for programs that do not belong here, and start it again; if this stays so, call IT.',
);
const brokenOff = appError(
  'vault-stopped',
  'Cloister broke the conversation off: it was locked or ended meanwhile, or a code was not given in time. What it did until then is in the record. Start the command again.',
);
