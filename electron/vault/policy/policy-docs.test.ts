import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { policyProblemCodes, policyProblem } from './policy-problem.ts';
import { parsePolicyDocument, policyDocumentSchema } from './policy-schema.ts';
import {
  defaultSettings,
  explainSetting,
  jsonSchemaWithSettings,
  policySettingNames,
  policySettingsSchema,
  strictestSettings,
} from './policy-settings.ts';

/**
 * Holds `docs/policy.schema.json` and the tables of `docs/policy.md` to the code. After a change of the settings:
 *
 *     CLOISTER_WRITE_DOCS=1 npm run test:unit -- policy-docs
 *
 * writes both again; then look at what changed and commit it.
 */
const write = process.env['CLOISTER_WRITE_DOCS'] === '1';
const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const schemaPath = join(docs, 'policy.schema.json');
const pagePath = join(docs, 'policy.md');

async function pretty(path: string, text: string): Promise<string> {
  return await format(text, { ...(await resolveConfig(path)), filepath: path });
}

function hold(path: string, expected: string): void {
  if (write) writeFileSync(path, expected);
  expect(readFileSync(path, 'utf8')).toBe(expected);
}

const code = (value: unknown): string => `\`${String(value)}\``;

function valuesOf(schema: z.core.JSONSchema.BaseSchema | boolean | undefined): string {
  if (typeof schema !== 'object') throw new Error('a setting without a schema');
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.type === 'boolean') return `${code(true)}, ${code(false)}`;
  if (schema.type === 'string') return `text of at most ${schema.maxLength} characters`;
  return `${schema.minimum} to ${schema.maximum}`;
}

function settingsTable(): string {
  const { properties = {} } = jsonSchemaWithSettings(policySettingsSchema);
  const [defaults, strictest] = [defaultSettings(), strictestSettings()];
  const rows = policySettingNames.map((name) =>
    [
      code(name),
      valuesOf(properties[name]),
      code(defaults[name]),
      code(strictest[name]),
      explainSetting(name),
    ].join(' | '),
  );
  return ['setting | values | default | strictest | what it decides', '--- | --- | --- | --- | ---', ...rows]
    .map((row) => `| ${row} |`)
    .join('\n');
}

function problemsTable(): string {
  const rows = policyProblemCodes.map((problem) => {
    const [, happened = '', next = ''] =
      /^(.+?)[.:] .*IT: (.+), then start Cloister again\.$/.exec(policyProblem(problem).message) ?? [];
    return `| ${code(problem)} | ${happened} | ${next} |`;
  });
  return ['| code | what happened | what IT does |', '| --- | --- | --- |', ...rows].join('\n');
}

function withTable(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: written by policy-docs.test.ts -->`, `<!-- end of ${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined || more.length > 0) throw new Error(`docs/policy.md has no place for ${name}`);
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}

describe('what is published about the policy', () => {
  it('is the JSON Schema of the code', async () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Cloister policy',
      description: 'The text of policy.note before it is signed. docs/policy.md explains it.',
      ...jsonSchemaWithSettings(policyDocumentSchema),
    };
    hold(schemaPath, await pretty(schemaPath, JSON.stringify(schema)));
  });

  it('are the settings and problems of the code', async () => {
    const page = readFileSync(pagePath, 'utf8');
    const expected = withTable(withTable(page, 'settings', settingsTable()), 'problems', problemsTable());
    hold(pagePath, await pretty(pagePath, expected));
  });

  it('is an example that can be used', () => {
    const example = /```json\n([^`]+)```/.exec(readFileSync(pagePath, 'utf8'))?.[1] ?? '';
    expect(parsePolicyDocument(example)).toMatchObject({ ok: true });
  });

  it('is a schema with each setting’s default and strictest value, that takes no other member', () => {
    const schema: unknown = JSON.parse(readFileSync(schemaPath, 'utf8'));
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['v', 'version', 'issuedAt', 'organisation', 'settings'],
      properties: {
        settings: {
          additionalProperties: false,
          properties: {
            idleLockMinutes: { type: 'integer', minimum: 1, maximum: 30, default: 10, 'x-strictest': 1 },
          },
        },
      },
    });
    expect(schema).not.toHaveProperty('properties.settings.required');
  });
});
