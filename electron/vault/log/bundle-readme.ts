import { bundleNamespace, signerIdentity } from './sshsig.ts';
import type { StandsOut } from './stands-out.ts';

export type ReadmeFacts = StandsOut & {
  readonly origin: string;
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly fingerprint: string;
  /** Keys that signed before this one, oldest first, each with the entry that ended its time. */
  readonly earlierKeys: readonly { readonly fingerprint: string; readonly changedAt: number }[];
  readonly flavour: 'release' | 'development';
};

/** A record that was restored from a backup on the way to this one. */
type Continues = {
  readonly epoch: number;
  readonly origin: string;
  readonly size: number;
  readonly fingerprint: string;
};

/** README.txt of a bundle: for somebody who has never heard of Cloister and has only public tools. @param continues oldest first */
export function bundleReadme(facts: ReadmeFacts, continues: readonly Continues[]): string {
  const ofKeys = [
    ...(facts.earlierKeys.length > 0 ? [changedKey] : []),
    ...(continues.length > 0 ? [restored] : []),
  ];
  return `CLOISTER AUDIT BUNDLE

Record      ${facts.origin}
Entries     0 to ${facts.size - 1} (all ${facts.size} of this record, up to the moment of the export)
Clinical    ${facts.clinicalText === 'included' ? 'text INCLUDED (payloads.jsonl)' : 'text withheld'}
Signed by   ${facts.fingerprint}
${facts.earlierKeys.map(earlierKeyLine).join('')}${continues.map(continuesLine).join('')}${facts.flavour === 'development' ? 'Made by     a DEVELOPMENT build, with made-up patients\n' : ''}${standingOut(facts)}
Treat this file as protected health information. Even without clinical text it
holds times and patient identifiers.


${checkingSteps(ofKeys.join(''))}

What this proves: these entries, all of them and in this order, were in the
record that this key signed; nothing was changed, taken out or put in since then.

What it does not prove: that nobody with both keys of that computer wrote the
whole record anew before the export. Keep this bundle: the next one must contain
the same entries, and its verifier checks that against the checkpoint in log/.

An entry commits to each free text with a salted hash,
SHA-256(0x10 || salt || text). Where the text is withheld, the commitment stands.
`;
}

/** The commands, alike for a full bundle and an extract. @param keys what to say of earlier keys */
export function checkingSteps(keys: string): string {
  return `1. Unpack it, in a folder that only you can read.

    unzip -q THIS-BUNDLE.zip -d THIS-BUNDLE
    cd THIS-BUNDLE


2. Is it the right key?

Compare the fingerprint above with the one that the organisation wrote down when
Cloister was set up. Do it by phone or on paper, not by a message that came with
this file. Then see that the key in this bundle is that key:

    ssh-keygen -l -f <(cut -d' ' -f3- keys/allowed_signers)
${keys}

3. Are the files whole, and signed by that key?

    sha256sum --check --strict SHA256SUMS
    ssh-keygen -Y verify -f keys/allowed_signers -I ${signerIdentity} -n ${bundleNamespace} -s SHA256SUMS.sshsig < SHA256SUMS


4. Is every entry in the signed tree?

    node verify.mjs THIS-BUNDLE.zip --key FILE-WITH-THE-FINGERPRINT

If you kept an earlier bundle of this record, add  --checkpoint  and the path of
its log/checkpoint: only that shows a record that was set back or written anew by
somebody with all its keys.

verify.mjs is one file without dependencies (electron/auditor-kit/ in Cloister's
source). Beside it are verify.py and a Go program, which do the same and share no
code with it; docs/auditor-guide.md there explains all of this on one page. They
can be replaced by any implementation of these public formats: C2SP signed-note,
tlog-checkpoint and tlog-tiles, RFC 6962 hashing. Each line of events.jsonl is one
leaf: SHA-256(0x00 || line without its newline) is its hash.

The same entries in other forms: summary.html for a person (open it in a browser; it
has no script), fhir/AuditEvent.ndjson for a FHIR R4 server (one AuditEvent a line,
which names the hash of its entry), disclosures.csv as input to an accounting of
disclosures. They are as signed as the rest; where they are in doubt,
events.jsonl is the record.

`;
}

/** Emergency access is in every bundle, so that no reader has to look for it; the rest only where it is so. */
function standingOut({ emergencies, newFrom, solePractitioner }: StandsOut): string {
  const fresh = emergencies.filter((entry) => entry >= newFrom);
  const named = fresh.slice(0, listedEmergencies).join(', ');
  const more = fresh.length > listedEmergencies ? ', ...' : '';
  const which = fresh.length === 0 ? '' : `: ${named}${more}`;
  return `Emergency   access to another's records: ${emergencies.length} entries, ${fresh.length} of them new${which}
${solePractitioner ? 'Kept by     ONE PERSON who also uses it: clinician and administrator are one account\n' : ''}`;
}

/** Entries that are named. */
export const listedEmergencies = 8;

function continuesLine({ epoch, origin, size, fingerprint }: Continues): string {
  return `Continues   ${origin}
            ${size} entries, in earlier/${epoch}/, restored from a backup; signed by
            ${fingerprint}
`;
}

function earlierKeyLine({ fingerprint, changedAt }: { fingerprint: string; changedAt: number }): string {
  return `Before      ${fingerprint}, until entry ${changedAt} changed the key\n`;
}

const changedKey = `
The key was changed. Do you hold one of the fingerprints called "Before"? Then
ask for the new one in the same way. The entry that changed the key is signed by
both keys: verify.mjs takes the fingerprint that you hold, follows the changes
from there, and says so.
`;

const restored = `
This record was restored from a backup, on a computer with a key of its own. Do
you hold the fingerprint of a record called "Continues"? Then ask for the new one
in the same way. The first entry is signed by both keys: verify.mjs takes the
fingerprint that you hold and says so. What was recorded on the old computer
after the backup is not here: compare its last bundle.
`;
