import { auditEventLines } from './audit-event.ts';
import { textMember, type Member } from './bundle-zip.ts';
import { disclosuresHead } from './disclosures.ts';
import { publicKeyOf } from './ed25519.ts';
import { logKeyFingerprint } from './log-key.ts';
import type { LogReader } from './log-reader.ts';
import { startCounting } from './summary.ts';
import { summaryPage } from './summary-page.ts';

type Facts = {
  readonly origin: string;
  readonly logSeed: Uint8Array;
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly appVersion: string;
  readonly flavour: 'release' | 'development';
  /** Of the whole record. */
  readonly solePractitioner: boolean;
};

/**
 * The same entries for other readers: for a FHIR server, for an accounting of disclosures, and for a person.
 * @param reader shows the leaves of this bundle and no other @param records how many they are
 */
export function reportMembers(facts: Facts, reader: LogReader, records: number): readonly Member[] {
  const fingerprint = logKeyFingerprint(publicKeyOf(facts.logSeed));
  const counting = startCounting();
  return [
    {
      name: 'fhir/AuditEvent.ndjson',
      bytes: () => auditEventLines(reader.leaves(facts.size), facts, counting.add),
      pieces: records,
    },
    textMember('disclosures.csv', disclosuresHead),
    {
      name: 'summary.html',
      bytes: () => {
        // Members are made in the order of their names: the AuditEvents are counted by now.
        const summary = counting.summary(reader, facts.size, facts.clinicalText);
        if (summary.entries !== records) throw new Error('the summary is not of these entries');
        return [Buffer.from(summaryPage(summary, { ...facts, fingerprint }))];
      },
      pieces: 1,
    },
  ];
}
