import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '../../electron/egress/certificate-fixture.ts';
import { startModelHost, type Answering, type ModelHost } from '../../electron/egress/model-host-fixture.ts';
import { giveToApp, type Home } from './launch-app.ts';
import type { Models } from './tiny-model.ts';

/** A computer that has no model yet, and a mirror of the organisation on this machine that has it. */
export type Mirror = {
  readonly bytes: Buffer;
  readonly host: ModelHost;
  /** What the mirror does with the next question. */
  answer: Answering;
  /** For the policy. */
  readonly settings: Readonly<Record<string, string>>;
  /** For the launch. */
  readonly modelsFolder: string;
  readonly catalogue: string;
  readonly file: string;
};

const revision = 'c0ffee'.repeat(6) + 'c0de';
export const mirroredPath = `/hub/Cloister/Tiny-GGUF/resolve/${revision}/tiny.gguf`;

export async function startMirror(home: Home, models: Models, answer: Answering): Promise<Mirror> {
  const bytes = readFileSync(models.file);
  const modelsFolder = join(home.folder, 'models');
  mkdirSync(modelsFolder, { mode: 0o700 });
  giveToApp(modelsFolder);
  const catalogue = join(home.folder, 'catalogue.json');
  writeFileSync(catalogue, JSON.stringify(withRevision(readFileSync(models.catalogue, 'utf8'))));
  giveToApp(catalogue);

  const authority = makeAuthority('mirror.clinic.example');
  const host = await startModelHost(authority.issue({ names: ['localhost'] }), (question, response) => {
    mirror.answer(question, response);
  });
  const mirror: Mirror = {
    bytes,
    host,
    answer,
    settings: {
      modelDownload: 'allowed',
      modelMirror: `https://localhost:${host.port}/hub`,
      modelMirrorCertificate: authority.base64,
    },
    modelsFolder,
    catalogue,
    file: join(modelsFolder, 'tiny.gguf'),
  };
  return mirror;
}

function withRevision(catalogue: string): unknown {
  const { models, ...rest } = JSON.parse(catalogue) as { readonly models: readonly object[] };
  return {
    ...rest,
    models: models.map((model) => ({ ...model, repository: 'Cloister/Tiny-GGUF', revision })),
  };
}
