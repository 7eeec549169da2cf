import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIdSchema } from '../../shared/ids.ts';
import { createBundleFixture, publicKeyOfLog, runVerifier, type BundleFixture } from './bundle-fixture.ts';
import { createExtractFixture } from './extract-fixture.ts';
import { logKeyFingerprint } from './log-key.ts';
import { checkingCommands } from './summary-page.ts';
import { createTamperedBundle } from './tampered-bundle.ts';
import { writeUnpacked } from './tampering.ts';

let fixture: BundleFixture;
beforeEach(() => {
  fixture = createBundleFixture();
  fixture.appendTurn('11111111-1111-4111-8111-111111111111');
  fixture.appendCopies(3);
});
afterEach(() => {
  fixture.dispose();
});

const member = (zip: string, name: string): string => {
  const run = spawnSync('unzip', ['-p', zip, name], { encoding: 'utf8' });
  expect(run.status).toBe(0);
  return run.stdout;
};
const linesIn = (text: string): readonly string[] => text.split('\n').slice(0, -1);

describe('a bundle’s reports', () => {
  it('hold a FHIR event for each entry, the same with text and without', async () => {
    const withText = await fixture.write('with.zip');
    const without = await fixture.write('without.zip', { clinicalText: 'withheld' });
    const events = member(withText, 'fhir/AuditEvent.ndjson');
    expect(linesIn(events)).toHaveLength(fixture.log.size());
    expect(member(without, 'fhir/AuditEvent.ndjson')).toBe(events);
  });

  it('AC-15: have a list of disclosures with its head alone, since nothing leaves the computer', async () => {
    expect(member(await fixture.write('bundle.zip'), 'disclosures.csv')).toBe(
      'entry,date,patient,recipient_name,recipient_address,agreement,what,purpose,accountable\r\n',
    );
  });

  it('of an extract are about its entries and no other', async () => {
    const extract = createExtractFixture();
    try {
      const zip = await extract.write('ada.zip', { selection: { by: 'patient', patient: extract.ada } });
      const events = linesIn(member(zip, 'fhir/AuditEvent.ndjson'));
      expect(
        events.map((line) => /"index","valueString":"(?<index>\d+)"/u.exec(line)?.groups?.['index']),
      ).toEqual(['3', '5', '8']);
      const page = member(zip, 'summary.html');
      expect(page).toContain('An extract: 3 of the 9 entries of this record');
      expect(page).not.toContain(extract.bob);
    } finally {
      extract.dispose();
    }
  });

  it('have a page with the fingerprint and with commands that README.txt has too', async () => {
    const zip = await fixture.write('bundle.zip');
    const readme = member(zip, 'README.txt');
    const page = member(zip, 'summary.html').replaceAll(' \\\n    ', ' ');
    expect(page).toContain(logKeyFingerprint(publicKeyOfLog(fixture)));
    for (const command of checkingCommands) {
      expect(readme).toContain(`    ${command}\n`);
      expect(page).toContain(command.replaceAll('<', '&lt;'));
    }
  });

  it('name people on the page only where the text is included', async () => {
    const created = userIdSchema.parse(randomUUID());
    fixture.log.append({
      actor: fixture.actor,
      session: fixture.session,
      patient: null,
      type: 'user.created',
      outcome: 'success',
      data: { user: created, role: 'auditor' },
      texts: { displayName: 'Made-up <Ada> & "Co"' },
    });
    fixture.log.append({
      actor: { id: created, role: 'auditor' },
      session: fixture.session,
      patient: null,
      type: 'log.exported',
      outcome: 'attention',
      data: { treeSize: 7, root: 'ab'.repeat(32), clinicalText: 'included', selection: null, recipients: [] },
      texts: {},
    });
    const page = member(await fixture.write('with.zip'), 'summary.html');
    expect(page).toContain('Made-up &lt;Ada&gt; &amp; &quot;Co&quot; (Auditor)');
    expect(page).toContain('Audit record of Made-up Clinic');
    const without = member(await fixture.write('without.zip', { clinicalText: 'withheld' }), 'summary.html');
    expect(without).toContain(`Auditor, user ${created.slice(0, 8)}`);
    expect(without).not.toContain('Made-up');
  });
});

describe('AC-09 an AuditEvent.ndjson that the log key signed', () => {
  it.each([
    ['lacks its last line', (lines: string[]) => lines.slice(0, -1), 7],
    ['has two lines in another order', ([a = '', b = '', ...rest]: string[]) => [b, a, ...rest], 1],
    ['has a line more', (lines: string[]) => [...lines, lines[0] ?? ''], null],
    ['is empty', () => [], 1],
    [
      'is about another entry',
      (lines: string[]) => lines.with(2, String(lines[2]).replace(/(?<="leafHash","valueString":")./u, 'x')),
      3,
    ],
  ])('and %s is refused by all three verifiers', async (_, change, line) => {
    const bundle = await createTamperedBundle();
    try {
      const file = 'fhir/AuditEvent.ndjson';
      const before = bundle.lines(file).map(String);
      bundle.signMembers();
      expect(bundle.checkMembers()).toEqual({ ok: true, authenticated: true });
      bundle.setLines(
        file,
        change(before).map((text) => Buffer.from(text)),
      );
      bundle.signMembers();
      const folder = join(bundle.fixture.folder, randomUUID());
      writeUnpacked(bundle.members, folder);
      expect(JSON.parse(runVerifier(folder, '--json').out)).toEqual({
        ok: false,
        file,
        problem:
          line === null
            ? 'it has more lines than there are entries'
            : `its line ${line} is not about the entry in line ${line} of events.jsonl`,
      });
    } finally {
      bundle.fixture.dispose();
    }
  });
});
