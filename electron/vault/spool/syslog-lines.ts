import { canonicalText } from '../log/canonical-json.ts';
import { leafEnvelopeSchema, type LeafEnvelope } from '../log/leaf.ts';
import { hashLeaf } from '../log/merkle.ts';

/**
 * Leaves as syslog messages (RFC 5424), for a clinic's SIEM. A line holds what the leaf holds and no more: no text, no name of
 * a person. `hash` is the leaf's hash in the tree (RFC 9162), so that a line can be found in a bundle.
 */

/** "log audit" of RFC 5424, table 1. */
const facility = 13;
const severities = { success: 6, stopped: 5, refused: 4, attention: 4, failed: 3 } as const;
/** RFC 5612 keeps this number for examples: Cloister has none of its own at IANA. */
const structuredDataId = 'cloister@32473';

/** @param bytes the leaf as it is hashed @returns one message with its line feed */
export function syslogLine(origin: string, bytes: Uint8Array): string {
  const leaf = leafEnvelopeSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  const priority = facility * 8 + severities[leaf.outcome];
  const header = `<${priority}>1 ${leaf.at} ${leaf.device} cloister - ${leaf.event}`;
  const hash = Buffer.from(hashLeaf(bytes)).toString('hex');
  const data = parametersOf(origin, leaf, hash)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
  return `${header} [${structuredDataId}${data}]\n`;
}

function parametersOf(origin: string, leaf: LeafEnvelope, hash: string): (readonly [string, string])[] {
  const known: readonly (readonly [string, string | null])[] = [
    ['origin', origin],
    ['entry', String(leaf.seq)],
    ['hash', hash],
    ['outcome', leaf.outcome],
    ['actor', leaf.actor.id],
    ['role', leaf.actor.role],
    ['session', leaf.session],
    ['patient', leaf.patient],
    ['app', leaf.app],
    ['data', canonicalText(leaf.data)],
  ];
  return known.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** RFC 5424, 6.3.3: these three, by a backslash. Canonical JSON has no other character that could end a line. */
function escaped(value: string): string {
  return value.replaceAll(/["\\\]]/g, (character) => `\\${character}`);
}
