import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { appError } from '../shared/app-error.ts';
import { err, ok } from '../shared/result.ts';
import { verifierKeyFor } from '../vault/log/signed-note.ts';
import { organisationDomainSchema } from '../vault/policy/policy-schema.ts';
import type { Command } from './command.ts';
import { writeNewFiles } from './new-file.ts';
import { formatSigningKey } from './signing-key.ts';

export const policyKeygen: Command = {
  name: 'policy keygen',
  summary: 'Makes the key with which the organisation signs policies and provisioning files.',
  explanation: [
    'Writes the private key to FILE, which must not exist, readable by this account only, and prints the public half.',
    'Whoever has FILE decides how strict every computer of the organisation is: keep it away from those computers.',
  ],
  values: ['FILE'],
  options: [
    {
      name: 'domain',
      value: 'DOMAIN',
      explanation: 'Of the organisation, for example clinic.example.',
      needed: true,
    },
  ],
  run({ values: [file = ''], options }, { workingFolder }) {
    const domain = organisationDomainSchema.safeParse(options['domain']);
    if (!domain.success) return Promise.resolve(err(notADomain));
    const seed = randomBytes(32);
    const content = formatSigningKey({ name: domain.data, seed });
    try {
      const written = writeNewFiles([{ path: resolve(workingFolder, file), bytes: content, mode: 0o600 }]);
      if (!written.ok) return Promise.resolve(written);
      const verifierKey = verifierKeyFor(domain.data, seed);
      return Promise.resolve(
        ok({
          passed: true,
          lines: [
            'The private key was written. Make a copy of it for a safe place; without it no policy can be changed any more.',
            `Public key (organisation.vkey): ${verifierKey}`,
          ],
          json: { verifierKey },
        }),
      );
    } finally {
      seed.fill(0);
      content.fill(0);
    }
  },
};

const notADomain = appError(
  'invalid-input',
  'That is not a domain: it is written in lower case, for example clinic.example. No key was made. Give the domain of the organisation.',
);
