import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runVerifier } from './bundle-fixture.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { rootOf } from './merkle.ts';
import { createRotatedLog } from './rotated-log-fixture.ts';
import { signNote, verifierKeyFor } from './signed-note.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { forgeBundle, signSums, writeUnpacked } from './tampering.ts';

/** The sentences that no other test hears, so that the verifiers are compared on each of them. */
let bundle: TamperedBundle;
beforeEach(async () => {
  bundle = await createTamperedBundle();
});
afterEach(() => {
  bundle.fixture.dispose();
});

const said = (path: string): unknown => JSON.parse(runVerifier(path, '--json').out);
const bad = (file: string, problem: string): unknown => ({ ok: false, file, problem });

/** The zip file with some of its bytes changed, and where the headers of a member begin in it. */
function changed(
  name: string,
  change: (bytes: Buffer, central: number, local: number) => Buffer | void,
): string {
  const bytes = readFileSync(bundle.zip);
  const central = bytes.lastIndexOf(name) - 46;
  const path = join(bundle.fixture.folder, `${randomUUID()}.zip`);
  writeFileSync(path, change(bytes, central, bytes.readUInt32LE(central + 42)) ?? bytes);
  return path;
}

function saidOfMembers(): unknown {
  const folder = join(bundle.fixture.folder, randomUUID());
  writeUnpacked(bundle.members, folder);
  return said(folder);
}

describe('AC-09 a zip file', () => {
  const first = 'README.txt';
  const last = 'SHA256SUMS.sshsig';

  it('with a comment on a member is refused', () => {
    const path = changed(first, (bytes, central) => {
      bytes.writeUInt16LE(1, central + 32);
    });
    expect(said(path)).toEqual(bad(`"${first}"`, 'it has a comment in the zip file'));
  });

  it('whose directory leaves a member out is refused', () => {
    const path = changed(last, (bytes, central) => {
      const end = bytes.length - 22;
      const [count, size] = [bytes.readUInt16LE(end + 10) - 1, central - bytes.readUInt32LE(end + 16)];
      for (const at of [8, 10]) bytes.writeUInt16LE(count, end + at);
      bytes.writeUInt32LE(size, end + 12);
      return Buffer.concat([bytes.subarray(0, central), bytes.subarray(end)]);
    });
    expect(said(path)).toEqual(bad('the zip file', 'it holds bytes that belong to no file'));
  });

  it('whose directory counts too few members is refused', () => {
    const path = changed(last, (bytes) => {
      const end = bytes.length - 22;
      for (const at of [8, 10]) bytes.writeUInt16LE(bytes.readUInt16LE(end + at) - 1, end + at);
    });
    expect(said(path)).toEqual(bad('the zip file', 'it holds bytes that belong to no file'));
  });

  it('with a member that says that it is packed is refused', () => {
    const path = changed(first, (bytes, central, local) => {
      bytes.writeUInt16LE(8, central + 10);
      bytes.writeUInt16LE(8, local + 8);
    });
    expect(said(path)).toEqual(bad(first, 'it is packed; a bundle stores its files as they are'));
  });

  it('with a member without its local header is refused', () => {
    const path = changed(first, (bytes, _, local) => {
      bytes.writeUInt8(5, local + 2);
    });
    expect(said(path)).toEqual(bad(first, 'its local header is missing'));
  });

  it('with a member that is longer than there is room is refused', () => {
    const path = changed(last, (bytes, central) => {
      bytes.writeUInt32LE(2 ** 31, central + 20);
      bytes.writeUInt32LE(2 ** 31, central + 24);
    });
    expect(said(path)).toEqual(bad(last, 'it runs into the directory of the zip file'));
  });

  it('with another checksum than its member’s is refused', () => {
    const path = changed(last, (bytes, central) => {
      bytes.writeUInt32LE(7, central + 16);
      // The data descriptor stands between the data and the directory.
      bytes.writeUInt32LE(7, bytes.readUInt32LE(bytes.length - 6) - 12);
    });
    expect(said(path)).toEqual(bad(last, 'its checksum in the zip file is wrong'));
  });
});

describe('AC-09 a file that the log key signed', () => {
  it('and that is no list of hashes is refused', () => {
    const sums = String(bundle.members.get('SHA256SUMS'));
    // Each file stands in it twice.
    bundle.members.set('SHA256SUMS', Buffer.from(sums + sums));
    signSums(bundle.members, bundle.fixture.logSeed);
    expect(saidOfMembers()).toEqual(bad('SHA256SUMS', 'it is not a list of files'));
  });

  it('by a key with the name of another record is refused', () => {
    const { fixture, members } = bundle;
    const name = fixture.origin.replace('clinic.example', 'other.example');
    const body = formatCheckpoint({ origin: fixture.origin, size: 7, rootHash: rootAt(7) });
    members.set('log/checkpoint', Buffer.from(signNote(body, name, fixture.logSeed)));
    members.set('keys/log.vkey', Buffer.from(`${verifierKeyFor(name, fixture.logSeed)}\n`));
    members.set('checkpoints.txt', Buffer.alloc(0));
    const manifest = String(members.get('manifest.json'));
    members.set(
      'manifest.json',
      Buffer.from(manifest.replace(/"previousCheckpoint":"[^"]*"/, '"previousCheckpoint":null')),
    );
    bundle.signMembers();
    expect(saidOfMembers()).toEqual(bad('keys/log.vkey', 'it is the key of another record'));
  });

  it('with checkpoints of before in another order is refused', async () => {
    const { fixture } = bundle;
    const earlier = [5, 3].map((size) => ({
      size,
      note: signNote(
        formatCheckpoint({ origin: fixture.origin, size, rootHash: rootAt(size) }),
        fixture.origin,
        fixture.logSeed,
      ),
    }));
    const path = join(fixture.folder, 'disordered.zip');
    const leaves = bundle.lines('events.jsonl');
    await forgeBundle(fixture.facts({ clinicalText: 'withheld' }), { leaves, payloads: [], earlier }, path);
    expect(said(path)).toEqual(
      bad('checkpoints.txt', 'its checkpoints are not smaller than the newest one, oldest first'),
    );
  });

  it('with a request that has no number is named by its index', async () => {
    const leaves = bundle
      .events()
      .map((event) => (event.seq === 1 ? { ...event, data: { ...event.data, turn: null } } : event));
    expect(await bundle.checkForged(leaves)).toEqual({ entry: 1, file: 'events.jsonl' });
  });

  it('with a text’s line that holds more than a text is refused', () => {
    const [line, ...rest] = bundle.lines('payloads.jsonl').map(String);
    bundle.setLines(
      'payloads.jsonl',
      [line?.replace('"salt"', '"more":1,"salt"') ?? '', ...rest].map((text) => Buffer.from(text)),
    );
    bundle.signMembers();
    expect(saidOfMembers()).toEqual(bad('payloads.jsonl line 1', 'it is not a payload'));
  });
});

function rootAt(size: number): Uint8Array {
  return rootOf(size, (level, position) => bundle.fixture.reader.readNode(level, position));
}

it('AC-09 a checkpoint of before by a key that this record never had is refused', async () => {
  const log = createRotatedLog();
  try {
    const body = formatCheckpoint({ origin: log.origin, size: 3, rootHash: Buffer.alloc(32) });
    log.database.raw
      .prepare('UPDATE checkpoints SET note = ? WHERE size = 3')
      .run(signNote(body, log.origin, randomBytes(32)));
    expect(said(await log.write('foreign.zip'))).toEqual(
      bad('checkpoints.txt', 'its signature is not one of the keys in keys/'),
    );
  } finally {
    log.dispose();
  }
});
