import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBundleFixture, type BundleFixture } from '../log/bundle-fixture.ts';
import { hashLeaf } from '../log/merkle.ts';
import { unfinishedSpoolName } from './spool-names.ts';
import { syslogLine } from './syslog-lines.ts';
import { writeSyslog } from './write-syslog.ts';

let fixture: BundleFixture;
let folder: string;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.appendCopies(2);
  folder = join(fixture.folder, 'spool');
  mkdirSync(folder);
});
afterEach(() => {
  fixture.dispose();
});

/** RFC 5424, section 6, for what we write: no MSG, one element of structured data. */
const message =
  /^<(?<priority>\d{1,3})>1 (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?<host>[!-~]{1,255}) (?<app>[!-~]{1,48}) - (?<id>[!-~]{1,32}) \[(?<sd>[!-<>-Z^-~]{1,32})(?<parameters>(?: [!-<>-Z^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]\n$/u;

function parsed(line: string) {
  const { groups } = message.exec(line) ?? {};
  if (groups === undefined) throw new Error(`no message of RFC 5424: ${line}`);
  const found = [...(groups['parameters'] ?? '').matchAll(/ ([^=]+)="((?:[^"\\\]]|\\["\\\]])*)"/gu)];
  return {
    priority: '',
    ...groups,
    parameters: Object.fromEntries(
      found.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(["\\\]])/g, '$1')]),
    ),
  };
}

describe('a line for a SIEM', () => {
  it('says what the leaf says, can be found in a bundle, and holds no text', () => {
    const leaf = fixture.reader.leaf(1) ?? Buffer.alloc(0);
    const line = syslogLine(fixture.origin, leaf);
    const { event, at, data, actor } = JSON.parse(String(leaf)) as Record<string, unknown> & {
      actor: { id: string };
    };
    expect(parsed(line)).toMatchObject({
      priority: String(13 * 8 + 6),
      time: at,
      app: 'cloister',
      id: event,
      parameters: {
        origin: fixture.origin,
        entry: '1',
        hash: Buffer.from(hashLeaf(leaf)).toString('hex'),
        actor: actor.id,
        role: 'clinician',
        outcome: 'success',
      },
    });
    expect(JSON.parse(parsed(line).parameters['data'] ?? '')).toEqual(data);
    expect(line).not.toContain('Made-up note');
    expect(Buffer.from(line).every((byte) => byte === 10 || (byte >= 32 && byte < 127))).toBe(true);
  });

  it('is a warning where something wants attention or was refused, an error where it failed', () => {
    const severities = ['success', 'stopped', 'refused', 'attention', 'failed'].map((outcome) => {
      const leaf = String(fixture.reader.leaf(1)).replace('"outcome":"success"', `"outcome":"${outcome}"`);
      return Number(parsed(syslogLine(fixture.origin, Buffer.from(leaf))).priority) % 8;
    });
    expect(severities).toEqual([6, 5, 4, 4, 3]);
  });
});

describe('a file of lines', () => {
  const write = (from: number, to: number): void => {
    writeSyslog(fixture.reader, { folder, origin: fixture.origin, from, to });
  };

  it('holds each entry of its range once, under a name that sorts', () => {
    write(0, 3);
    write(3, 5);
    const names = readdirSync(folder).toSorted();
    expect(names.map((name) => name.replace(/^cloister_[0-9a-f-]{36}_0_/, ''))).toEqual([
      '000000000000-000000000002.log',
      '000000000003-000000000004.log',
    ]);
    const entries = names.flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split(/(?<=\n)/)
        .map((line) => parsed(line).parameters['entry']),
    );
    expect(entries).toEqual(['0', '1', '2', '3', '4']);
  });

  it('takes the place of what a killed run left, and leaves nothing where it fails', () => {
    writeFileSync(join(folder, unfinishedSpoolName(fixture.origin, 'log')), 'half');
    write(0, 2);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(() => {
      write(2, 99);
    }).toThrow('missing');
    expect(readdirSync(folder)).toHaveLength(1);
    chmodSync(folder, 0o700);
    expect(() => {
      writeSyslog(fixture.reader, {
        folder: join(folder, 'nowhere'),
        origin: fixture.origin,
        from: 0,
        to: 1,
      });
    }).toThrow('ENOENT');
  });
});
