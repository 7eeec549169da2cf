import { bundleNamespace, signerIdentity } from './sshsig.ts';

/** README.txt of a bundle: for somebody who has never heard of Cloister and has only public tools. */
export function bundleReadme(facts: {
  readonly origin: string;
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly fingerprint: string;
  /** Keys that signed before this one, oldest first, each with the entry that ended its time. */
  readonly earlierKeys: readonly { readonly fingerprint: string; readonly changedAt: number }[];
  readonly flavour: 'release' | 'development';
}): string {
  return `CLOISTER AUDIT BUNDLE

Record      ${facts.origin}
Entries     0 to ${facts.size - 1} (all ${facts.size} of this record, up to the moment of the export)
Clinical    ${facts.clinicalText === 'included' ? 'text INCLUDED (payloads.jsonl)' : 'text withheld'}
Signed by   ${facts.fingerprint}
${facts.earlierKeys.map(earlierKeyLine).join('')}${facts.flavour === 'development' ? 'Made by     a DEVELOPMENT build, with made-up patients\n' : ''}
Treat this file as protected health information. Even without clinical text it
holds times and patient identifiers.


1. Unpack it, in a folder that only you can read.

    unzip -q THIS-BUNDLE.zip -d THIS-BUNDLE
    cd THIS-BUNDLE


2. Is it the right key?

Compare the fingerprint above with the one that the organisation wrote down when
Cloister was set up. Do it by phone or on paper, not by a message that came with
this file. Then see that the key in this bundle is that key:

    ssh-keygen -l -f <(cut -d' ' -f3- keys/allowed_signers)
${facts.earlierKeys.length > 0 ? changedKey : ''}

3. Are the files whole, and signed by that key?

    sha256sum --check --strict SHA256SUMS
    ssh-keygen -Y verify -f keys/allowed_signers -I ${signerIdentity} -n ${bundleNamespace} -s SHA256SUMS.sshsig < SHA256SUMS


4. Is every entry in the signed tree?

    node verify.mjs THIS-BUNDLE.zip --key FILE-WITH-THE-FINGERPRINT

verify.mjs is one file without dependencies (electron/auditor-kit/ in Cloister's
source). It can be replaced by any implementation of these public formats: C2SP
signed-note, tlog-checkpoint and tlog-tiles, RFC 6962 hashing. Each line of
events.jsonl is one leaf: SHA-256(0x00 || line without its newline) is its hash.


What this proves: these entries, all of them and in this order, were in the
record that this key signed; nothing was changed, taken out or put in since then.

What it does not prove: that nobody with both keys of that computer wrote the
whole record anew before the export. Keep this bundle: the next one must contain
the same entries, and its verifier checks that against the checkpoint in log/.

An entry commits to each free text with a salted hash,
SHA-256(0x10 || salt || text). Where the text is withheld, the commitment stands.
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
