import { createHash } from 'node:crypto';
import { eventNames } from '../../shared/event-names.ts';
import { roleNames } from '../../shared/role-names.ts';
import { roleSchema } from '../../shared/roles.ts';
import { findingWords } from './summary-words.ts';
import { html, type Html } from './html.ts';
import { byDay, byType, number } from './summary-tables.ts';
import { summaryStyle } from './summary-style.ts';
import type { PlacedLeaf, Summary } from './summary.ts';

/** What the page says beside what the leaves do. */
export type PageFacts = {
  readonly origin: string;
  /** Of the tree that the key signed. */
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly appVersion: string;
  readonly flavour: 'release' | 'development';
  readonly fingerprint: string;
  readonly solePractitioner: boolean;
};

/** `summary.html`: to be read and printed, without script and without anything from elsewhere. */
export function summaryPage(summary: Summary, facts: PageFacts): string {
  const title = `Audit record of ${summary.organisation ?? domainOf(facts.origin)}`;
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
${
  html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${policy}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <title>${title}</title>
      ${style}
    </head>
    <body>
      <header>
        <p class="product">Cloister audit bundle: summary</p>
        <h1>${title}</h1>
        <p class="lead">${leadOf(summary, facts)}</p>
      </header>
      <main>
        ${factsOf(summary, facts)} ${checking(facts)} ${standsOut(summary, facts)} ${byDay(summary)}
        ${byType(summary)}
      </main>
    </body>
  </html>`.html
}
`;
}

/** `cloister.<domain>/<installation>/<epoch>` */
const domainOf = (origin: string): string => origin.replace(/^cloister\./u, '').split('/')[0] ?? origin;

const style: Html = { html: `<style>${summaryStyle}</style>` };
const styleHash = createHash('sha256').update(summaryStyle).digest('base64');

const plural = (value: number, one: string, many: string): string =>
  `${number(value)} ${value === 1 ? one : many}`;
const moment = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 19)}`;

const isExtract = ({ entries }: Summary, { size }: PageFacts): boolean => entries < size;

function leadOf(summary: Summary, facts: PageFacts): string {
  const { entries, first, last } = summary;
  const { size } = facts;
  const amount = isExtract(summary, facts)
    ? `An extract: ${number(entries)} of the ${plural(size, 'entry', 'entries')} of this record`
    : `All ${plural(size, 'entry', 'entries')} of this record`;
  return first === null || last === null
    ? `${amount}.`
    : `${amount}, from ${first.leaf.at.slice(0, 10)} to ${last.leaf.at.slice(0, 10)}.`;
}

/** A person as far as the entries say: a name only where the text is included. */
function who({ leaf }: PlacedLeaf, { names }: Summary): string {
  const { id, role } = leaf.actor;
  const known = roleSchema.safeParse(role);
  const roleName = known.success ? roleNames[known.data] : 'Cloister itself';
  const named = (user: string): string => names.get(user) ?? `user ${user.slice(0, 8)}`;
  const { user } = leaf.data;
  if (id === null) return typeof user === 'string' ? `account of ${named(user)}` : roleName;
  return names.has(id) ? `${named(id)} (${roleName})` : `${roleName}, ${named(id)}`;
}

function factsOf(summary: Summary, facts: PageFacts): Html {
  const { first, last, exported } = summary;
  return html`<dl>
      <dt>Record</dt>
      <dd><code>${facts.origin}</code></dd>
      <dt>Entries</dt>
      <dd>
        ${first === null || last === null ? 'none' : `${number(first.index)} to ${number(last.index)}, ${moment(first.leaf.at)} to ${moment(last.leaf.at)} UTC`}
      </dd>
      <dt>Exported by</dt>
      <dd>
        ${exported === null ? 'not told: the entry of this export is not among these' : `${who(exported, summary)}, ${moment(exported.leaf.at)} UTC, entry ${number(exported.index)}`}
      </dd>
      <dt>Clinical text</dt>
      <dd>
        ${facts.clinicalText === 'included' ? 'included, in payloads.jsonl' : 'withheld: the entries hold only a proof of each text'}
      </dd>
      ${
        facts.flavour === 'development'
          ? html`<dt>Made by</dt>
              <dd>a development build, with made-up patients</dd>`
          : html``
      }
    </dl>
    <p class="quiet note">
      Cloister ${facts.appVersion} wrote this page from the entries in events.jsonl, which are what counts.
      Treat it as protected health information: it tells who did what and when.
    </p>
    ${
      isExtract(summary, facts)
        ? html`<section class="finding amber">
            <h3>This is not the whole record</h3>
            <p>
              An extract proves that each of its entries is in the record. It does not prove that these are
              all that belong here.
            </p>
          </section>`
        : html``
    }`;
}

function standsOut(summary: Summary, { solePractitioner }: PageFacts): Html {
  const found = summary.findings.filter(({ count }) => count > 0);
  const absent = summary.findings.filter(({ count }) => count === 0);
  return html`<h2>What stands out</h2>
    ${
      summary.unreadable === 0
        ? html``
        : html`<section class="finding red">
            <h3>${plural(summary.unreadable, 'entry', 'entries')} that cannot be read</h3>
            <p>
              Cloister did not write ${summary.unreadable === 1 ? 'it' : 'them'} so. Run a verifier: it names
              the first one.
            </p>
          </section>`
    }
    ${
      solePractitioner
        ? html`<section class="finding amber">
            <h3>One person keeps this record and uses it</h3>
            <p>Clinician and administrator are one account. Nobody else watched over these entries.</p>
          </section>`
        : html``
    }
    ${found.map((finding) => findingOf(finding, summary))}
    ${absent.length === 0 ? html`` : html`<p class="quiet">Not among these entries: ${absent.map(({ kind }) => findingWords[kind].none).join(', ')}.</p>`}`;
}

function findingOf({ kind, count, newest }: Summary['findings'][number], summary: Summary): Html {
  const words = findingWords[kind];
  return html`<section class="finding ${words.tone}">
    <h3>${words.title}: ${number(count)}</h3>
    <p>${words.means}</p>
    <table class="found">
      <thead>
        <tr>
          <th class="number" scope="col">Entry</th>
          <th scope="col">When (UTC)</th>
          <th scope="col">What</th>
          <th scope="col">Who</th>
        </tr>
      </thead>
      <tbody>
        ${newest.map((placed) => findingRow(placed, summary))}
      </tbody>
    </table>
    ${count > newest.length ? html`<p class="quiet">The newest ${number(newest.length)} are shown. events.jsonl has all ${number(count)}.</p>` : html``}
  </section>`;
}

function findingRow(placed: PlacedLeaf, summary: Summary): Html {
  const { leaf, index } = placed;
  const more = [leaf.data['reason'], leaf.data['code'], leaf.data['kind'], leaf.data['process']];
  const told = more.filter((word) => typeof word === 'string').join(', ');
  const name = Object.entries(eventNames).find(([type]) => type === leaf.event)?.[1] ?? leaf.event;
  return html`<tr>
    <td class="number">${number(index)}</td>
    <td class="when">${moment(leaf.at)}</td>
    <td>${told === '' ? name : `${name} (${told})`}</td>
    <td>${who(placed, summary)}</td>
  </tr>`;
}

function checking({ fingerprint }: PageFacts): Html {
  return html`<h2>Is it genuine?</h2>
    <p>
      Compare this fingerprint, by phone or on paper, with the one that the organisation wrote down when
      Cloister was set up:
    </p>
    <code class="fingerprint">${fingerprint}</code>
    <p>
      Then run a verifier with the fingerprint that you were given, not with the one on this page. README.txt
      has all commands, also those that need public tools only.
    </p>
    <pre>${checkingCommands.map((command) => command.replaceAll(wideOption, ' \\\n    ')).join('\n')}</pre>`;
}

/** Where a long command is broken on the page, as a shell allows. */
const wideOption = / (?=-n |-s )/gu;

/** They stand in README.txt too. */
export const checkingCommands = [
  'sha256sum --check --strict SHA256SUMS',
  'ssh-keygen -Y verify -f keys/allowed_signers -I cloister-log -n cloister-audit-bundle -s SHA256SUMS.sshsig < SHA256SUMS',
  'node verify.mjs THIS-BUNDLE.zip --key FILE-WITH-THE-FINGERPRINT',
];
