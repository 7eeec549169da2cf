import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, createWriteStream, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { canonicalText } from './canonical-json.ts';
import { createTamperedBundle, type TamperedBundle } from './tampered-bundle.ts';
import { writeUnpacked } from './tampering.ts';

let bundle: TamperedBundle;
beforeEach(async () => {
  bundle = await createTamperedBundle();
});
afterEach(() => {
  bundle.fixture.dispose();
});

describe('AC-09 the files', () => {
  it.each([
    'README.txt',
    'manifest.json',
    'inventory.json',
    'events.jsonl',
    'payloads.jsonl',
    'log/checkpoint',
    'log/tile/0/000.p/7',
    'SHA256SUMS',
  ])('%s is missed', (name) => {
    bundle.members.delete(name);
    expect(bundle.checkMembers()).toEqual(expect.objectContaining({ file: name }));
  });

  it('one that the list does not name is refused', () => {
    bundle.members.set('report.html', Buffer.from('<p>All is well.</p>'));
    expect(bundle.checkMembers()).toEqual({ file: 'report.html' });
  });

  it('a tile that this tree has not is refused even where the list names it and is signed', () => {
    bundle.members.set('log/tile/0/001.p/1', Buffer.alloc(32));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'log/tile/0/001.p/1' });
  });

  it('a link is refused and not followed, not even in a circle', () => {
    const folder = join(bundle.fixture.folder, 'linked');
    writeUnpacked(bundle.members, folder);
    symlinkSync('.', join(folder, 'zz'));
    expect(bundle.check(folder)).toEqual({ file: 'zz' });
  });

  it.each([
    ['treeSize', { treeSize: 8 }],
    ['range', { range: { from: 1, to: 6 } }],
    ['previousCheckpoint', { previousCheckpoint: null }],
    ['clinicalText', { clinicalText: 'withheld' }],
    ['emergencyAccess', { emergencyAccess: { total: 1, sincePrevious: 0 } }],
    ['solePractitioner', { solePractitioner: true }],
    ['origin', { origin: 'cloister.other.example/x/0' }],
    ['format', { format: 'cloister-audit-bundle/2' }],
  ])('a manifest that is signed and wrong about its %s is refused', (_, change) => {
    const text = String(bundle.members.get('manifest.json'));
    const manifest = z.record(z.string(), z.json()).parse(JSON.parse(text));
    bundle.members.set('manifest.json', Buffer.from(`${canonicalText({ ...manifest, ...change })}\n`));
    bundle.signMembers();
    expect(bundle.checkMembers()).toEqual({ file: 'manifest.json' });
  });
});

describe('AC-09 the zip file', () => {
  /** Writes the zip file with some of its bytes changed. */
  function changed(change: (bytes: Buffer) => Buffer | undefined): string {
    const bytes = readFileSync(bundle.zip);
    const path = join(bundle.fixture.folder, `${randomUUID()}.zip`);
    writeFileSync(path, change(bytes) ?? bytes);
    return path;
  }
  const everywhere = (bytes: Buffer, from: string, to: string): Buffer =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
  /** Where the central directory's header of this member begins. */
  const centralOf = (bytes: Buffer, name: string): number => bytes.lastIndexOf(name) - 46;

  it('with something behind its end is refused', () => {
    appendFileSync(bundle.zip, 'x');
    expect(bundle.check(bundle.zip)).toEqual({ file: 'the zip file' });
  });

  it.each([
    ['something before its beginning', (bytes: Buffer) => Buffer.concat([Buffer.from('junk'), bytes])],
    ['its end cut off', (bytes: Buffer) => bytes.subarray(0, -200)],
    ['nothing in it', () => Buffer.alloc(0)],
  ])('with %s is refused', (_, change) => {
    expect(bundle.check(changed(change))).toEqual({ file: 'the zip file' });
  });

  it('with a name that leaves the folder is refused', () => {
    const path = changed((bytes) => everywhere(bytes, 'inventory.json', '../entory.json'));
    expect(bundle.check(path)).toEqual({ file: '"../entory.json"' });
  });

  it('with two members of one name is refused', () => {
    const path = changed((bytes) => everywhere(bytes, 'keys/log.vkey', 'manifest.json'));
    expect(bundle.check(path)).toEqual({ file: 'manifest.json' });
  });

  it('whose two headers of a member differ is refused', () => {
    const path = changed((bytes) => {
      bytes.write('manifest.jsom', bytes.indexOf('manifest.json{'));
      return undefined;
    });
    expect(bundle.check(path)).toEqual({ file: 'manifest.json' });
  });

  it('with two members in one place is refused', () => {
    const path = changed((bytes) => {
      const other = bytes.readUInt32LE(centralOf(bytes, 'inventory.json') + 42);
      bytes.writeUInt32LE(other, centralOf(bytes, 'manifest.json') + 42);
      return undefined;
    });
    expect(bundle.check(path)).toEqual({ file: 'manifest.json' });
  });

  it('with a member that unpacks to a link is refused', () => {
    const path = changed((bytes) => {
      bytes.writeUInt32LE(0o120777 * 0x10000, centralOf(bytes, 'README.txt') + 38);
      return undefined;
    });
    expect(bundle.check(path)).toEqual({ file: 'README.txt' });
  });

  it('with a second name for a member in an extra field is refused', () => {
    const path = changed((bytes) => {
      // Info-ZIP's Unicode path: some programs take this name, some the other.
      const field = Buffer.from('\x75\x70\x06\x00\x01\x00\x00\x00\x00a', 'latin1');
      const at = centralOf(bytes, 'README.txt');
      bytes.writeUInt16LE(field.length, at + 30);
      const end = bytes.length - 22;
      bytes.writeUInt32LE(bytes.readUInt32LE(end + 12) + field.length, end + 12);
      const behind = at + 46 + 'README.txt'.length;
      return Buffer.concat([bytes.subarray(0, behind), field, bytes.subarray(behind)]);
    });
    expect(bundle.check(path)).toEqual({ file: 'README.txt' });
  });

  it('with a member that is marked as encrypted is refused', () => {
    const path = changed((bytes) => {
      const central = centralOf(bytes, 'manifest.json');
      const local = bytes.readUInt32LE(central + 42);
      for (const at of [central + 8, local + 6]) bytes.writeUInt8(bytes.readUInt8(at) | 1, at);
      return undefined;
    });
    expect(bundle.check(path)).toEqual({ file: 'manifest.json' });
  });

  it('in the ZIP64 form of large bundles verifies, and is refused where its two end records differ', async () => {
    const path = join(bundle.fixture.folder, 'wide.zip');
    const wide = new ZipFile();
    const written = pipeline(wide.outputStream, createWriteStream(path));
    for (const [name, bytes] of bundle.members) {
      wide.addReadStream(Readable.from([bytes], { objectMode: false }), name, {
        compress: false,
        forceZip64Format: true,
        forceDosTimestamp: true,
      });
    }
    wide.end({ forceZip64Format: true, comment: '' });
    await written;
    expect(bundle.check(path)).toEqual({ ok: true, authenticated: true });
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(3, bytes.length - 22 + 10);
    writeFileSync(path, bytes);
    expect(bundle.check(path)).toEqual({ file: 'the zip file' });
  });

  it('that was packed anew with compression is refused, and verifies once it is unpacked', () => {
    const original = join(bundle.fixture.folder, 'original');
    const path = join(bundle.fixture.folder, 'packed.zip');
    const pack = 'import shutil,sys; shutil.make_archive(sys.argv[1][:-4], "zip", sys.argv[2])';
    expect(spawnSync('python3', ['-c', pack, path, original]).status).toBe(0);
    expect(bundle.check(path)).toEqual(expect.objectContaining({ file: expect.any(String) }));
    expect(bundle.check(original)).toEqual({ ok: true, authenticated: true });
  });
});
