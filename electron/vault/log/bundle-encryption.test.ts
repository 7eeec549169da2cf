import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBundle } from './bundle.ts';
import { createBundleFixture, runVerifier, type BundleFixture } from './bundle-fixture.ts';

let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.appendCopies(40);
});
afterEach(() => {
  fixture.dispose();
});

async function keyPair(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

const hasAge = spawnSync('age', ['--version']).status === 0;

describe('an encrypted bundle', () => {
  it('is opened by each of its recipients, and is then the bundle that it would have been', async () => {
    const [one, two] = [await keyPair(), await keyPair()];
    const recipients = [one.recipient, two.recipient];
    const bytes = readFileSync(await fixture.write('bundle.zip.age', { recipients }));
    const plain = readFileSync(await fixture.write('bundle.zip'));
    expect(bytes.includes('copy 7')).toBe(false);
    for (const { identity } of [one, two]) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      expect(Buffer.from(await decrypter.decrypt(bytes)).equals(plain)).toBe(true);
    }
  });

  it('is for nobody else, and notices a changed byte', async () => {
    const { identity, recipient } = await keyPair();
    const bytes = readFileSync(await fixture.write('bundle.zip.age', { recipients: [recipient] }));
    const stranger = new Decrypter();
    stranger.addIdentity((await keyPair()).identity);
    await expect(stranger.decrypt(bytes)).rejects.toThrow();
    const holder = new Decrypter();
    holder.addIdentity(identity);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 40) ^ 1, bytes.length - 40);
    await expect(holder.decrypt(bytes)).rejects.toThrow();
  });

  it.skipIf(!hasAge)('is opened by the program age, and verifies', async () => {
    const { identity, recipient } = await keyPair();
    const path = await fixture.write('bundle.zip.age', { recipients: [recipient] });
    const identityFile = join(fixture.folder, 'identity.txt');
    writeFileSync(identityFile, `${identity}\n`);
    const opened = join(fixture.folder, 'opened.zip');
    const run = spawnSync('age', ['-d', '-i', identityFile, '-o', opened, path], { encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    expect(runVerifier(opened).exitCode).toBe(0);
  });

  it('never stands on the disk as it was before', async () => {
    const { recipient } = await keyPair();
    const path = join(fixture.folder, 'bundle.zip.age');
    const before = readdirSync(fixture.folder);
    const seen = new Set<string>();
    let [pieces, looks] = [0, 0];
    const look = (): void => {
      pieces += 1;
      if (pieces % 100 !== 0) return;
      for (const name of readdirSync(fixture.folder)) {
        if (before.includes(name)) continue;
        const bytes = readFileSync(join(fixture.folder, name));
        looks += 1;
        seen.add(name);
        const begins = 'age-encryption.org/v1';
        expect(begins.startsWith(bytes.toString('latin1', 0, begins.length))).toBe(true);
        expect(bytes.includes('"characters":')).toBe(false);
      }
    };
    fixture.appendCopies(3000);
    await writeBundle(
      fixture.facts({ recipients: [recipient] }),
      fixture.reader,
      path,
      () => undefined,
      look,
    );
    expect([...seen]).toEqual(['bundle.zip.age']);
    expect(looks).toBeGreaterThan(50);
  });

  it('that cannot be read to its end fails with the cause, and leaves the database free to close', async () => {
    const { recipient } = await keyPair();
    const path = join(fixture.folder, 'unread.zip.age');
    function* payloads(size: number) {
      for (const payload of fixture.reader.payloads(size)) {
        if (payload.index === 4) throw new Error('the disk is gone');
        yield payload;
      }
    }
    const reader = { ...fixture.reader, payloads };
    const facts = fixture.facts({ recipients: [recipient] });
    await expect(writeBundle(facts, reader, path, () => undefined)).rejects.toThrow('the disk is gone');
    expect(() => fixture.database.raw.exec('BEGIN; ROLLBACK')).not.toThrow();
  });
});

describe('a bundle that should not be written any more', () => {
  it('ends at once wherever it is, encrypted or not, and leaves the database free to close', async () => {
    const { recipient } = await keyPair();
    for (const recipients of [[], [recipient]]) {
      for (const pieces of [0, 3, 60, 200, 260]) {
        const path = join(fixture.folder, `stopped-${pieces}`);
        let left = pieces;
        const mayGoOn = (): void => {
          if (left === 0) throw new Error('no more');
          left -= 1;
        };
        const facts = fixture.facts({ recipients });
        const writing = writeBundle(facts, fixture.reader, path, () => undefined, mayGoOn);
        await expect(writing, `after ${pieces}`).rejects.toThrow('no more');
        expect(() => fixture.database.raw.exec('BEGIN; ROLLBACK')).not.toThrow();
        rmSync(path, { force: true });
      }
    }
  });
});
