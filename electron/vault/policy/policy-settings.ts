import { z } from 'zod';

/**
 * Every setting of the policy, declared once. The defaults, the strictest values, the schema of the policy file, the
 * published `docs/policy.schema.json` and the table in `docs/policy.md` come from here.
 *
 * `strictest` is in force for all settings as soon as the policy cannot be trusted. `description` is for IT.
 */
const declarations = z.registry<{
  readonly default: z.$output;
  readonly strictest: z.$output;
  readonly description: string;
}>();

const shape = {
  idleLockMinutes: z.int().min(1).max(30).register(declarations, {
    default: 10,
    strictest: 1,
    description: 'Minutes without any input after which Cloister locks itself.',
  }),
  secondFactor: z.enum(['optional', 'required']).register(declarations, {
    default: 'optional',
    strictest: 'required',
    description: 'Whether every person must give a code of an authenticator app after the passphrase.',
  }),
  passphraseMinimumCharacters: z.int().min(12).max(64).register(declarations, {
    default: 12,
    strictest: 20,
    description: 'The fewest characters that a new passphrase may have.',
  }),
  passphraseMinimumStrength: z.int().min(2).max(4).register(declarations, {
    default: 3,
    strictest: 4,
    description: 'The lowest zxcvbn score that a new passphrase may have; 4 is the highest there is.',
  }),
  signInFreeAttempts: z.int().min(1).max(5).register(declarations, {
    default: 3,
    strictest: 1,
    description: 'Wrong passphrases in a row before Cloister makes the person wait between attempts.',
  }),
  signInLockoutAfter: z.int().min(3).max(20).register(declarations, {
    default: 10,
    strictest: 5,
    description: 'Wrong passphrases in a row after which the account is locked out for a while.',
  }),
  signInLockoutMinutes: z.int().min(5).max(1440).register(declarations, {
    default: 15,
    strictest: 60,
    description: 'Minutes that a lockout lasts.',
  }),
  recordVisibility: z.enum(['own', 'team']).register(declarations, {
    default: 'own',
    strictest: 'own',
    description: 'Whether clinicians see their own entries of the record only, or those of the whole team.',
  }),
  auditorReadsText: z.boolean().register(declarations, {
    default: false,
    strictest: false,
    description: 'Whether auditors may read clinical text, and not only that and when something happened.',
  }),
  solePractitioner: z.boolean().register(declarations, {
    default: false,
    strictest: false,
    description:
      'Whether one account may be clinician and administrator at once; every exported bundle then says so.',
  }),
  screenCapture: z.enum(['refused', 'allowed']).register(declarations, {
    default: 'refused',
    strictest: 'refused',
    description:
      'Whether screenshots and screen sharing may show the window, where the system lets an app refuse.',
  }),
  deviceBinding: z.enum(['preferred', 'required']).register(declarations, {
    default: 'preferred',
    strictest: 'required',
    description:
      'Whether Cloister also works on a computer without a usable keychain, where the passphrase alone guards the record.',
  }),
};

/** All settings, each with a value. */
export const policySettingsSchema = z.strictObject(shape);
export type PolicySettings = Readonly<z.infer<typeof policySettingsSchema>>;

const policySettingNameSchema = policySettingsSchema.keyof();
export type PolicySettingName = z.infer<typeof policySettingNameSchema>;
export const policySettingNames = policySettingNameSchema.options;

/** Where the value in force comes from. */
const sourceSchema = z.enum(['default', 'policy', 'strictest']);
export type PolicySource = z.infer<typeof sourceSchema>;
const sourcesSchema = z.record(policySettingNameSchema, sourceSchema);
export type PolicySources = Readonly<z.infer<typeof sourcesSchema>>;

/** One sentence for IT. */
export function explainSetting(name: PolicySettingName): string {
  return declarationOf(name).description;
}

/** Parsing holds the declared values to the very ranges that a policy is held to. */
export function defaultSettings(): PolicySettings {
  return policySettingsSchema.parse(eachSetting((name) => declarationOf(name).default));
}

export function strictestSettings(): PolicySettings {
  return policySettingsSchema.parse(eachSetting((name) => declarationOf(name).strictest));
}

export function sourcesOf(sourceOf: (name: PolicySettingName) => PolicySource): PolicySources {
  return sourcesSchema.parse(eachSetting(sourceOf));
}

/** JSON Schema (draft 2020-12) of a schema that holds settings; the strictest value is the annotation `x-strictest`. */
export function jsonSchemaWithSettings(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    metadata: declarations,
    override: ({ zodSchema, jsonSchema }) => {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
      if (!('strictest' in jsonSchema)) return;
      jsonSchema['x-strictest'] = jsonSchema['strictest'];
      delete jsonSchema['strictest'];
    },
  });
}

function declarationOf(name: PolicySettingName) {
  const declaration = declarations.get(shape[name]);
  if (declaration === undefined) throw new Error('a setting without a declaration');
  return declaration;
}

function eachSetting(valueOf: (name: PolicySettingName) => unknown): Record<string, unknown> {
  return Object.fromEntries(policySettingNames.map((name) => [name, valueOf(name)]));
}
