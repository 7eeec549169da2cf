import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contract, type RequestName } from '../../shared/contract.ts';
import { ok } from '../../shared/result.ts';
import { roleNames } from '../../shared/role-names.ts';
import { roleSchema, type Caller } from '../../shared/roles.ts';
import { createRequestTable, type Handlers } from './request-table.ts';

/**
 * `docs/roles.md` is the declared matrix, for people; the contract's `roles` are what the vault obeys. This test holds
 * them together and tries every cell. `CLOISTER_WRITE_DOCS=1 npm run test:unit -- roles.test` writes the file anew.
 */
const file = join(import.meta.dirname, '../../../docs/roles.md');
const write = process.env['CLOISTER_WRITE_DOCS'] === '1';

const callers: readonly Caller[] = ['none', ...roleSchema.options];
const isRequestName = (name: string): name is RequestName => Object.hasOwn(contract, name);
const names = Object.keys(contract).filter(isRequestName).toSorted();

/** Stands for handlers: whatever is asked was let through. */
function handlersThatSayYes(): Handlers {
  const yes = () => ok('let through');
  return new Proxy({} as Handlers, { get: () => yes });
}

function rolesDocument(): string {
  const head = ['request', 'nobody signed in', ...roleSchema.options.map((role) => roleNames[role])];
  const rows = names.map((name) => [
    `\`${name}\``,
    ...callers.map((caller) => (contract[name].roles.includes(caller) ? 'yes' : '')),
  ]);
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `# Who may ask the vault for what

Made from \`electron/shared/contract.ts\` by \`electron/vault/requests/roles.test.ts\`, which tries every cell. What a role sees
of an answer is decided by its handler: IT gets no clinical text and no patient reference; an auditor gets text only where the policy
says so; a clinician gets the own records, the team's where the policy says so, and another's through \`log.breakGlass\`.

${table.join('\n')}
`;
}

describe('AC-01: who may ask for what', () => {
  it('stands in docs/roles.md', () => {
    if (write) writeFileSync(file, rolesDocument());
    const squeezed = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(squeezed(readFileSync(file, 'utf8'))).toBe(squeezed(rolesDocument()));
  });

  it.each(names)('%s answers the declared roles and refuses all others', async (name) => {
    const table = createRequestTable(handlersThatSayYes(), () => undefined);
    const seen = [];
    for (const caller of callers) {
      // An input that no request takes: whoever is let through is told that, and the others never get so far.
      const result = await table(name, caller, 'not an input');
      seen.push([caller, result.ok ? 'ok' : result.error.code]);
    }
    expect(seen).toEqual(
      callers.map((caller) => {
        if (contract[name].roles.includes(caller)) return [caller, 'invalid-input'];
        return [caller, caller === 'none' ? 'not-signed-in' : 'not-allowed'];
      }),
    );
  });

  it('refuses a name that is not in the contract', async () => {
    const table = createRequestTable(handlersThatSayYes(), () => undefined);
    const codes = [];
    for (const name of ['constructor', '__proto__', 'log.delete', 'toString']) {
      const result = await table(name, 'it-admin', {});
      codes.push(result.ok ? 'ok' : result.error.code);
    }
    expect(codes).toEqual(Array(4).fill('invalid-input'));
  });

  it('gives nobody both the patients and the keys, but the sole practitioner', () => {
    const both = roleSchema.options.filter(
      (role) =>
        contract['chat.sendPrompt'].roles.includes(role) && contract['accounts.add'].roles.includes(role),
    );
    expect(both).toEqual(['sole-practitioner']);
  });
});
