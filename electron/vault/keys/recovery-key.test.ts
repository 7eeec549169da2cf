import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installationIdSchema } from '../../shared/ids.ts';
import { codeOf, valueOf } from './keys-fixture.ts';
import {
  checkRecipient,
  createRecoveryIdentity,
  groupForPrint,
  parseRecoveryIdentity,
  recipientOf,
} from './recovery-key.ts';
import { openSealedVaultKeys, sealVaultKeys } from './sealed-keys.ts';

/** Made by age-keygen 1.1.1 for this test; it opens nothing. */
const keygenFile = `# created: 2026-11-23T17:27:49Z
# public key: age139l64ynx0rlanj939gt4vpkacppvxwxdmtcm94z6vr2dzt3vm9uq70qlv0
AGE-SECRET-KEY-1ZXMHGARUJJ0P6M9R38QRAF5PDJ4XX8CUA5DDXFUDZJA2S7EWH98QESLW92
`;
const identity = 'AGE-SECRET-KEY-1ZXMHGARUJJ0P6M9R38QRAF5PDJ4XX8CUA5DDXFUDZJA2S7EWH98QESLW92';
const recipient = 'age139l64ynx0rlanj939gt4vpkacppvxwxdmtcm94z6vr2dzt3vm9uq70qlv0';

describe('what a person types or opens as a recovery key', () => {
  it('is read in any case, with spaces, line breaks or dashes between groups', () => {
    const grouped = groupForPrint(valueOf(parseRecoveryIdentity(identity)));
    const typed = [
      identity,
      `  ${identity.toLowerCase()}\r\n`,
      grouped.join(' '),
      grouped.join('-').toLowerCase(),
      grouped.join('\n'),
      identity.replaceAll('-', '\u2011'),
      identity.replaceAll('-', ' '),
    ];
    expect(typed.map((text) => valueOf(parseRecoveryIdentity(text)))).toEqual(typed.map(() => identity));
  });

  it('may be the whole file of age-keygen, also joined into one line or with comments after the key', () => {
    const files = [
      keygenFile,
      keygenFile.replaceAll('\n', ' '),
      keygenFile.replaceAll('\n', ''),
      `${identity}\n# kept in the safe\n`,
    ];
    expect(files.map((text) => valueOf(parseRecoveryIdentity(text)))).toEqual(files.map(() => identity));
  });

  it('is refused with any single character wrong, swapped, missing or added', () => {
    const start = 'AGE-SECRET-KEY-1'.length;
    const wrong: string[] = [];
    for (let at = start; at < identity.length; at += 1) {
      const replacement = identity[at] === 'Q' ? 'P' : 'Q';
      wrong.push(
        identity.slice(0, at) + replacement + identity.slice(at + 1),
        identity.slice(0, at) + identity.slice(at + 1),
      );
    }
    wrong.push(`${identity}Q`, identity.replace('ZX', 'XZ'), identity.replace('1Z', '1B'));
    expect(new Set(wrong.map((text) => codeOf(parseRecoveryIdentity(text))))).toEqual(
      new Set(['invalid-input']),
    );
  });

  it('is refused with a sentence that says what is wrong with it', () => {
    const sentences = [
      '',
      recipient,
      `${identity}\n${identity}`,
      identity.slice(0, -1),
      `the key: ${identity}`,
      identity.replace('ZX', 'XZ'),
    ];
    expect(
      sentences.map((text) => {
        const parsed = parseRecoveryIdentity(text);
        return parsed.ok ? 'accepted' : parsed.error.message.split(/[.:]/)[0];
      }),
    ).toEqual([
      'That is not a recovery key',
      'That is not a recovery key',
      'There is more than one recovery key in that text',
      'A recovery key has 74 characters without the spaces; this one has 73',
      'That is not a recovery key',
      'A character of this recovery key is wrong',
    ]);
  });

  it('leads to the recipient that age-keygen names', async () => {
    expect(await recipientOf(valueOf(parseRecoveryIdentity(keygenFile)))).toBe(recipient);
  });
});

describe('a recipient that IT made elsewhere', () => {
  it('is taken with surrounding spaces, and refused with a wrong character or of another kind', async () => {
    const codes = [];
    for (const text of [
      recipient,
      ` ${recipient}\n`,
      recipient.replace('9l6', '6l9'),
      recipient.toUpperCase(),
      identity,
      'age1pq1qqqq',
      '',
    ]) {
      codes.push(codeOf(await checkRecipient(text)));
    }
    expect(codes).toEqual(['ok', 'ok', ...Array<string>(5).fill('invalid-input')]);
  });

  it('is refused when it is a point that everybody can open (bech32 of 32 zero bytes)', async () => {
    expect(codeOf(await checkRecipient(`age1${'q'.repeat(52)}5cu47z`))).toBe('invalid-input');
  });
});

it('a printed key has the prefix and groups of four', async () => {
  const created = await createRecoveryIdentity();
  const groups = groupForPrint(created.identity);
  expect([groups[0], groups.length, groups.join('')]).toEqual(['AGE-SECRET-KEY-1', 16, created.identity]);
});

const hasAge = spawnSync('age', ['--version']).status === 0;

describe.skipIf(!hasAge)('the age command, without Cloister', () => {
  it('opens vault keys that were sealed to a recovery key, and Cloister opens what a key of age-keygen was given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-test-'));
    try {
      const keyPath = join(folder, 'recovery.txt');
      execFileSync('age-keygen', ['-o', keyPath], { stdio: 'pipe' });
      const made = valueOf(parseRecoveryIdentity(execFileSync('cat', [keyPath], { encoding: 'utf8' })));
      const holder = await recipientOf(made);
      const place = { installationId: installationIdSchema.parse(randomUUID()), epoch: 3, holder };
      const keys = { dek: randomBytes(32), logSeed: randomBytes(32) };
      const sealed = await sealVaultKeys({ ...place, recipient: holder, keys });
      const sealedPath = join(folder, 'sealed.age');
      writeFileSync(sealedPath, Buffer.from(sealed, 'base64'));
      const inside = execFileSync('age', ['--decrypt', '--identity', keyPath, sealedPath], {
        encoding: 'utf8',
      });
      expect(inside).toBe(
        `{"dek":"${keys.dek.toString('hex')}","epoch":3,"holder":"${holder}","installation":"${place.installationId}","logSeed":"${keys.logSeed.toString('hex')}","v":1}`,
      );
      const again = execFileSync('age', ['--recipient', holder], { input: inside }).toString('base64');
      expect(codeOf(await openSealedVaultKeys({ ...place, identity: made, sealed: again }))).toBe('ok');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
