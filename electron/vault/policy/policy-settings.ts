import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { hostListPattern, mirrorPattern } from '../../links/download-hosts.ts';

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

/** Or empty. */
const absolutePath = /^$|^\/|^[A-Za-z]:\\|^\\\\/;

/** DER in base64, or empty. */
function isCertificate(text: string): boolean {
  try {
    return text === '' || new X509Certificate(Buffer.from(text, 'base64')).raw.toString('base64') === text;
  } catch {
    return false;
  }
}

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
    description:
      'The fewest characters that a new passphrase may have. On a computer without a usable keychain at least 15.',
  }),
  passphraseMinimumStrength: z.int().min(2).max(4).register(declarations, {
    default: 3,
    strictest: 4,
    description:
      'The lowest zxcvbn score that a new passphrase may have; 4 is the highest there is, and the lowest on a computer without a usable keychain.',
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
  anchorFolder: z.string().max(300).regex(absolutePath).register(declarations, {
    default: '',
    strictest: '',
    description:
      'Absolute path of a folder outside this computer (a network share, a USB drive) for checkpoints: at each sign-in the record is compared with those that lie there. Empty: none.',
  }),
  spoolFolder: z.string().max(300).regex(absolutePath).register(declarations, {
    default: '',
    strictest: '',
    description:
      "Absolute path of a folder from which IT's agents collect the entries of the record without anybody signing in: syslog lines, and bundles for spoolRecipients. Empty: none.",
  }),
  spoolRecipients: z
    .string()
    .max(1000)
    .regex(/^$|^age1[02-9ac-hj-np-z]{58}(?:,age1[02-9ac-hj-np-z]{58}){0,9}$/)
    .register(declarations, {
      default: '',
      strictest: '',
      description:
        'The age recipients, with commas between, who can open the bundles in spoolFolder; nothing on the computer can. Empty: no bundles there.',
    }),
  retentionYears: z.int().min(6).max(100).register(declarations, {
    default: 10,
    strictest: 100,
    description:
      'Years for which the texts of entries are kept; HIPAA asks for six at least. Then they are deleted, and the entries with their proofs stay.',
  }),
  legalHold: z.boolean().register(declarations, {
    default: false,
    strictest: true,
    description: 'Whether nothing is deleted for now, however old it is.',
  }),
  readSourceAhead: z.boolean().register(declarations, {
    default: true,
    strictest: false,
    description:
      'Whether the model reads a source as soon as it is on the desk, before anybody asks, so that the first words come sooner. Each such reading is an entry of the record.',
  }),
  graphicsCard: z.enum(['auto', 'off']).register(declarations, {
    default: 'auto',
    strictest: 'off',
    description:
      'Whether a graphics card computes where a trial shows that it computes rightly and faster. A card whose driver crashed is left alone in any case.',
  }),
  modelDownload: z.enum(['never', 'allowed']).register(declarations, {
    default: 'never',
    strictest: 'never',
    description:
      'Whether an administrator may download models of the catalogue, through a process of its own that is not there otherwise.',
  }),
  modelDownloadHosts: z.string().max(1000).regex(hostListPattern).register(declarations, {
    default: 'huggingface.co,*.hf.co',
    strictest: '',
    description:
      'The hosts that a download may connect to, with commas between, redirects included: a name, or an asterisk and a dot before it for all names below it, each with a port after a colon where that is not 443. Not used with modelMirror.',
  }),
  modelMirror: z.string().max(300).regex(mirrorPattern).register(declarations, {
    default: '',
    strictest: '',
    description:
      "Address of the organisation's own mirror, from which models come in the place of Hugging Face: below it stands what stands below the address of Hugging Face, and no other host is connected to. Empty: none.",
  }),
  modelMirrorCertificate: z
    .string()
    .max(8000)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
    .refine(isCertificate)
    .register(declarations, {
      default: '',
      strictest: '',
      description:
        'The certificate of the authority that vouches for modelMirror and the only one that counts there, as base64 of its DER form. Empty: the public authorities that come with Cloister.',
    }),
  deviceBinding: z.enum(['preferred', 'required']).register(declarations, {
    default: 'preferred',
    strictest: 'required',
    description:
      'Whether Cloister may be set up on a computer without a usable keychain, where the passphrase alone guards the record. Where it is so already, each sign-in says so.',
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
