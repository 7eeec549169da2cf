import { allowedSignersLine, signerIdentity, sshSignature, bundleNamespace } from '../log/sshsig.ts';
import { logKeyFingerprint } from '../log/log-key.ts';
import { publicKeyOf } from '../log/ed25519.ts';

/** What a certificate says; see FORMAT.md. */
export type CertificateFacts = {
  readonly installationId: string;
  readonly organisationName: string;
  readonly origin: string;
  /** UTC. */
  readonly at: string;
  /** Who did it: uuid of the account. */
  readonly userId: string;
  /** Sealed copies of the keys that are destroyed. */
  readonly accounts: number;
  readonly recoveryKeys: number;
  /** The last one, signed; the copy in the backup beside the certificate ends with it. */
  readonly checkpoint: string;
};

export const certificateFile = 'certificate.txt';

/** The files of the certificate by name: its text, the signature of the log key over it, and that key. */
export function certificateFiles(facts: CertificateFacts, logSeed: Uint8Array): Record<string, string> {
  const publicKey = publicKeyOf(logSeed);
  const text = certificateText(facts, logKeyFingerprint(publicKey));
  return {
    [certificateFile]: text,
    [`${certificateFile}.sig`]: sshSignature(Buffer.from(text), logSeed),
    allowed_signers: allowedSignersLine(publicKey),
  };
}

function certificateText(facts: CertificateFacts, fingerprint: string): string {
  const { accounts, recoveryKeys } = facts;
  return `Certificate of decommission, version 1

Organisation:   ${JSON.stringify(facts.organisationName)}
Installation:   ${facts.installationId}
Record:         ${facts.origin}
Signed with:    ${fingerprint}
Time (UTC):     ${facts.at}
Done by:        account ${facts.userId}
Keys destroyed: ${accounts + recoveryKeys} sealed copies (${accounts} of accounts, ${recoveryKeys} of recovery keys)

The sealed copies of the record's keys were overwritten and removed from this computer, and the
files of the record with them. What is left of those files on the disk is encrypted, and no key
to it is on this computer any more. The record itself is kept in the backup beside this
certificate: it opens with the passphrases and the recovery keys, and ends with the checkpoint
below. A disk that is given away should be erased or destroyed all the same.

To check this certificate, compare the fingerprint with one that you know of this record, from an
audit bundle or a screen, then:

  ssh-keygen -l -f allowed_signers
  ssh-keygen -Y verify -f allowed_signers -I ${signerIdentity} -n ${bundleNamespace} \\
    -s ${certificateFile}.sig < ${certificateFile}

The last checkpoint of the record (C2SP tlog-checkpoint):

${facts.checkpoint}`;
}
