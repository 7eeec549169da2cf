import { createHash, randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { appError } from '../shared/app-error.ts';
import { userIdSchema } from '../shared/ids.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { roleNames } from '../shared/role-names.ts';
import { roleSchema } from '../shared/roles.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { decodeUtf8 } from '../vault/policy/decode-utf8.ts';
import { provisioningFile } from '../vault/policy/provisioning-file.ts';
import { createProvisioning } from '../vault/policy/provisioning.ts';
import { parseUnambiguousJson } from '../vault/policy/unambiguous-json.ts';
import type { Command } from './command.ts';
import { readGivenFile } from './given-file.ts';
import { writeNewFiles } from './new-file.ts';
import { organisationKeyIn } from './sign-file.ts';
import { keyOption, readSigningKey } from './signing-key.ts';

/** What IT writes down; ids and codes are made here. Names and public keys are checked by `createProvisioning`. */
const descriptionSchema = z.strictObject({
  organisation: z.strictObject({ name: z.string(), domain: z.string() }),
  /** Public halves of the recovery keys: `age1...`. */
  recoveryRecipients: z.array(z.string()).max(20),
  people: z
    .array(z.strictObject({ name: z.string(), role: roleSchema.exclude(['sole-practitioner']) }))
    .min(1)
    .max(1000),
});
type Description = z.infer<typeof descriptionSchema>;
const maximumBytes = 1024 * 1024;

export const provisionCreate: Command = {
  name: 'provision create',
  summary: 'Makes the signed file that sets computers up, and a one-time code for each person.',
  explanation: [
    'FILE is JSON: {"organisation": {"name", "domain"}, "recoveryRecipients": ["age1...", "age1..."], "people": [{"name", "role"}]};',
    `a role is one of ${descriptionSchema.shape.people.element.shape.role.options.join(', ')}.`,
    'Writes provisioning.note, which must not exist yet, and organisation.vkey; they hold no secret.',
    'The codes are printed once and stand nowhere else. Give each to its person another way than the file travels.',
  ],
  values: ['FILE'],
  options: [
    keyOption,
    { name: 'out', value: 'DIR', explanation: 'Where to write; else beside FILE.', needed: false },
  ],
  async run({ values: [file = ''], options }, deps) {
    const path = resolve(deps.workingFolder, file);
    const description = readDescription(path);
    if (!description.ok) return description;
    const { organisation, recoveryRecipients, people } = description.value;
    const key = await readSigningKey(options['key'] ?? '', deps);
    if (!key.ok) return key;
    const { name, seed } = key.value;
    try {
      if (name !== organisation.domain) return err(otherOrganisation);
      const users = people.map((person) => ({
        userId: userIdSchema.parse(randomUUID()),
        displayName: person.name,
        role: person.role,
      }));
      const made = await createProvisioning({
        organisation,
        organisationSeed: seed,
        recoveryRecipients,
        users,
        ...(deps.kdf === undefined ? {} : { kdf: deps.kdf }),
      });
      if (!made.ok) return made;
      const { note, codes } = made.value;
      const out = options['out'] === undefined ? dirname(path) : resolve(deps.workingFolder, options['out']);
      const organisationKey = `${verifierKeyFor(name, seed)}\n`;
      // Before the codes: codes of a file that is not there would be worth nothing.
      const written = writeNewFiles([
        { path: join(out, provisioningFile), bytes: note, mode: 0o644 },
        ...organisationKeyIn(out, organisationKey),
      ]);
      if (!written.ok) return written;
      const sha256 = createHash('sha256').update(note).digest('hex');
      const rows = users.map((user) => ({
        ...user,
        code: codes.find(({ userId }) => userId === user.userId)?.code ?? '',
      }));
      return ok({
        passed: true,
        lines: [
          `${provisioningFile} was written, SHA-256 ${sha256}.`,
          'The one-time codes, shown only now:',
          '',
          ...rows.map(
            ({ code, role, displayName }) => `${code}  ${roleNames[role].padEnd(16)}  ${displayName}`,
          ),
        ],
        json: { folder: out, sha256, verifierKey: organisationKey.trimEnd(), people: rows },
      });
    } finally {
      seed.fill(0);
    }
  },
};

function readDescription(path: string): Result<Description> {
  const bytes = readGivenFile(path, 'The description', maximumBytes);
  if (!bytes.ok) return bytes;
  const text = decodeUtf8(bytes.value);
  const json = text === null ? err('it is not UTF-8') : parseUnambiguousJson(text);
  if (!json.ok) return err(unusable(json.error));
  const description = descriptionSchema.safeParse(json.value);
  if (description.success) return ok(description.data);
  const place = description.error.issues[0]?.path.join('.') ?? '';
  return err(unusable(`${place === '' ? 'the document' : place} is missing, not known or not allowed`));
}

function unusable(detail: string) {
  return appError(
    'invalid-input',
    `The description cannot be used: ${detail}. Nothing was made. Correct it; "cloister provision create --help" tells its form.`,
  );
}

const otherOrganisation = appError(
  'invalid-input',
  'The key belongs to another organisation than the description names. Nothing was made. Take the key of this organisation, or correct "domain".',
);
