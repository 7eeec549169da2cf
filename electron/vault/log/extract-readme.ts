import { checkingSteps, listedEmergencies, type ReadmeFacts } from './bundle-readme.ts';
import type { Selection } from './selection.ts';

/** README.txt of an extract: what differs from that of a full bundle is above all what it does not prove. */
export function extractReadme(
  facts: ReadmeFacts & {
    readonly selection: Selection;
    readonly records: number;
    /** Of the records that this one continues after a restore. */
    readonly earlierEntries: number;
  },
): string {
  const { emergencies } = facts;
  const named = emergencies.slice(0, listedEmergencies).join(', ');
  const more = emergencies.length > listedEmergencies ? ', ...' : '';
  return `CLOISTER AUDIT BUNDLE: AN EXTRACT

Record      ${facts.origin}
Extract     ${facts.records} of its ${facts.size} entries: ${describeSelection(facts.selection)}
Clinical    ${facts.clinicalText === 'included' ? 'text INCLUDED (payloads.jsonl)' : 'text withheld'}
Signed by   ${facts.fingerprint}
${facts.flavour === 'development' ? 'Made by     a DEVELOPMENT build, with made-up patients\n' : ''}Emergency   access to another's records: ${emergencies.length === 0 ? 'none among these entries' : `entries ${named}${more}`}
${facts.solePractitioner ? 'Kept by     ONE PERSON who also uses it: clinician and administrator are one account\n' : ''}
THIS IS NOT THE WHOLE RECORD. An extract proves that each of its entries is in
the record, at its place and as it was written. It does NOT prove that it lists
all of them: whoever made it could have left some out. ${completeness(facts.selection)}
${facts.earlierEntries > 0 ? earlierRecord(facts.earlierEntries) : ''}
Treat this file as protected health information. Even without clinical text it
holds times and patient identifiers.


${checkingSteps('')}
proofs.txt holds a proof for each line of events.jsonl (C2SP tlog-proof: the hashes
that lead from the entry to the root), one after the other, each followed by a line
of four dashes. All of them are against the one checkpoint in log/checkpoint.
${facts.earlierKeys.length > 0 ? changedKey : ''}

What this proves: these entries were in the record that this key signed, when it
had ${facts.size} entries; none of them was changed since.

What it does not prove: that no other entry would have belonged here, and that
nobody with both keys of that computer wrote the whole record anew before the
export. Keep it: every later full bundle lists the checkpoint in log/, and its
verifier checks that it contains the record that this extract was taken from.

An entry commits to each free text with a salted hash,
SHA-256(0x10 || salt || text). Where the text is withheld, the commitment stands.
`;
}

function describeSelection(selection: Selection): string {
  switch (selection.by) {
    case 'entries':
      return `entries ${selection.from} to ${selection.to}`;
    case 'time':
      return `from ${selection.from} until ${selection.to}`;
    case 'patient':
      return `those about patient ${selection.patient}`;
    case 'user':
      return `what user ${selection.user} did`;
  }
}

function completeness({ by }: Selection): string {
  return by === 'entries'
    ? `Of entries that
are numbered one after the other a verifier sees that none is missing, but not
what came before and after them. For that, ask for the full bundle.`
    : `Whoever
must know that nothing is missing asks for the full bundle.`;
}

const earlierRecord = (entries: number): string => `
This record continues an earlier one, from before a restore on another computer.
THE ${entries} ENTRIES FROM BEFORE ARE NOT IN THIS EXTRACT, whatever was selected.
A full bundle has them.
`;

const changedKey = `
The key that signs this record was changed before. An extract cannot show how: only
the fingerprint above counts here. Do you hold an older one? A full bundle shows
how the key changed.
`;
