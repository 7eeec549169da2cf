import type { z } from 'zod';
import { appError, internalError } from '../../shared/app-error.ts';
import { contract, type ParsedInput, type RequestName, type RequestOutput } from '../../shared/contract.ts';
import type { Caller } from '../../shared/roles.ts';
import { err, type Result } from '../../shared/result.ts';
import { databaseError } from '../database/database-error.ts';

export type Handler<N extends RequestName> = (
  input: ParsedInput<N>,
) => Result<RequestOutput<N>> | Promise<Result<RequestOutput<N>>>;
/** One handler for each request of the contract; the compiler refuses a table that lacks one. */
export type Handlers = { readonly [N in RequestName]: Handler<N> };

type Answerer = (caller: Caller, input: unknown) => Promise<Result<unknown>>;
export type RequestTable = (name: string, caller: Caller, input: unknown) => Promise<Result<unknown>>;

/**
 * The only way in: the name is in the contract, the caller's role may use it, the input parses strictly, and only then
 * the handler runs. A throw is a bug: it is reported by the request's name alone and answered as `internal`.
 */
export function createRequestTable(
  handlers: Handlers,
  reportBug: (name: RequestName, cause: unknown) => void,
): RequestTable {
  const bugIn = (name: RequestName) => (cause: unknown) => {
    reportBug(name, cause);
  };
  const answerers: { readonly [N in RequestName]: Answerer } = {
    'app.getState': answerer(contract['app.getState'], handlers['app.getState'], bugIn('app.getState')),
    'setup.createRecoveryKey': answerer(
      contract['setup.createRecoveryKey'],
      handlers['setup.createRecoveryKey'],
      bugIn('setup.createRecoveryKey'),
    ),
    'setup.addRecoveryRecipient': answerer(
      contract['setup.addRecoveryRecipient'],
      handlers['setup.addRecoveryRecipient'],
      bugIn('setup.addRecoveryRecipient'),
    ),
    'setup.removeRecoveryRecipient': answerer(
      contract['setup.removeRecoveryRecipient'],
      handlers['setup.removeRecoveryRecipient'],
      bugIn('setup.removeRecoveryRecipient'),
    ),
    'setup.saveRecoveryKey': answerer(
      contract['setup.saveRecoveryKey'],
      handlers['setup.saveRecoveryKey'],
      bugIn('setup.saveRecoveryKey'),
    ),
    'setup.proveRecoveryKey': answerer(
      contract['setup.proveRecoveryKey'],
      handlers['setup.proveRecoveryKey'],
      bugIn('setup.proveRecoveryKey'),
    ),
    'setup.complete': answerer(
      contract['setup.complete'],
      handlers['setup.complete'],
      bugIn('setup.complete'),
    ),
    'session.signIn': answerer(
      contract['session.signIn'],
      handlers['session.signIn'],
      bugIn('session.signIn'),
    ),
    'session.signOut': answerer(
      contract['session.signOut'],
      handlers['session.signOut'],
      bugIn('session.signOut'),
    ),
    'session.lock': answerer(contract['session.lock'], handlers['session.lock'], bugIn('session.lock')),
    'workspace.getDraft': answerer(
      contract['workspace.getDraft'],
      handlers['workspace.getDraft'],
      bugIn('workspace.getDraft'),
    ),
    'workspace.saveDraft': answerer(
      contract['workspace.saveDraft'],
      handlers['workspace.saveDraft'],
      bugIn('workspace.saveDraft'),
    ),
    'workspace.clearDraft': answerer(
      contract['workspace.clearDraft'],
      handlers['workspace.clearDraft'],
      bugIn('workspace.clearDraft'),
    ),
    'source.recordOpened': answerer(
      contract['source.recordOpened'],
      handlers['source.recordOpened'],
      bugIn('source.recordOpened'),
    ),
    'chat.sendPrompt': answerer(
      contract['chat.sendPrompt'],
      handlers['chat.sendPrompt'],
      bugIn('chat.sendPrompt'),
    ),
    'chat.stop': answerer(contract['chat.stop'], handlers['chat.stop'], bugIn('chat.stop')),
    'chat.reread': answerer(contract['chat.reread'], handlers['chat.reread'], bugIn('chat.reread')),
    'clipboard.recordCopy': answerer(
      contract['clipboard.recordCopy'],
      handlers['clipboard.recordCopy'],
      bugIn('clipboard.recordCopy'),
    ),
    'note.accept': answerer(contract['note.accept'], handlers['note.accept'], bugIn('note.accept')),
    'log.list': answerer(contract['log.list'], handlers['log.list'], bugIn('log.list')),
    'log.open': answerer(contract['log.open'], handlers['log.open'], bugIn('log.open')),
    'log.verify': answerer(contract['log.verify'], handlers['log.verify'], bugIn('log.verify')),
    'log.export': answerer(contract['log.export'], handlers['log.export'], bugIn('log.export')),
  };
  const isRequestName = (name: string): name is RequestName => Object.hasOwn(contract, name);
  return async (name, caller, input) => {
    if (!isRequestName(name))
      return err(appError('invalid-input', 'This screen asked for something that Cloister does not know.'));
    return answerers[name](caller, input);
  };
}

function answerer<I extends z.ZodType, O>(
  row: { readonly roles: readonly Caller[]; readonly input: I },
  handler: (input: z.output<I>) => Result<O> | Promise<Result<O>>,
  reportBug: (cause: unknown) => void,
): Answerer {
  return async (caller, input) => {
    if (!row.roles.includes(caller)) return err(caller === 'none' ? notSignedIn : notAllowed);
    const parsed = row.input.safeParse(input);
    if (!parsed.success) {
      return err(
        appError(
          'invalid-input',
          `Some of what was typed cannot be used (${badFields(parsed.error)}). Nothing was changed.`,
        ),
      );
    }
    try {
      return await handler(parsed.data);
    } catch (cause) {
      const known = databaseError(cause);
      if (known !== null) return err(known);
      reportBug(cause);
      return err(internalError);
    }
  };
}

const notSignedIn = appError(
  'not-signed-in',
  'Nobody is signed in. Sign in and try again; your text is kept.',
);
const notAllowed = appError('not-allowed', 'Your role may not do this. Nothing was changed.');

/** Names of fields only, never what stood in them. */
function badFields(error: z.ZodError): string {
  const names = new Set(error.issues.map((issue) => issue.path.map(String).join('.') || 'form'));
  return [...names].slice(0, 5).join(', ');
}
