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

/** The same contract, so that the compiler sees that a request's schema makes what its handler takes. */
const rows: {
  readonly [N in RequestName]: {
    readonly roles: readonly Caller[];
    readonly input: z.ZodType<ParsedInput<N>>;
  };
} = contract;

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
  const isRequestName = (name: string): name is RequestName => Object.hasOwn(contract, name);

  function answer<N extends RequestName>(name: N, caller: Caller, input: unknown): Promise<Result<unknown>> {
    const reportBugHere = (cause: unknown): void => {
      reportBug(name, cause);
    };
    return answerer<ParsedInput<N>, RequestOutput<N>>(
      rows[name],
      handlers[name],
      reportBugHere,
    )(caller, input);
  }

  return async (name, caller, input) => {
    if (!isRequestName(name))
      return err(appError('invalid-input', 'This screen asked for something that Cloister does not know.'));
    return answer(name, caller, input);
  };
}

/** Nothing but the first screen is answered before the primitives have passed their test (AC-29), and nothing else at all where one failed. */
export function behindSelfTest(
  table: RequestTable,
  tested: () => Promise<Result<void>>,
): { readonly answer: RequestTable; readonly isWaiting: () => boolean } {
  let waiting = 0;
  return {
    answer: async (name, caller, input) => {
      if (name === firstScreen) return table(name, caller, input);
      waiting += 1;
      const outcome = await tested();
      // With the handler begun: a sign-in must not be overlooked between the two.
      const answered = outcome.ok ? table(name, caller, input) : outcome;
      waiting -= 1;
      return answered;
    },
    /** Somebody's passphrase may be among what waits for the test. */
    isWaiting: () => waiting > 0,
  };
}

const firstScreen: RequestName = 'app.getState';

function answerer<I, O>(
  row: { readonly roles: readonly Caller[]; readonly input: z.ZodType<I> },
  handler: (input: I) => Result<O> | Promise<Result<O>>,
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
