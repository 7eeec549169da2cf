/**
 * To which hosts a download may connect. The policy names them; the vault passes them on, and the egress process holds
 * each address and each socket to them.
 */

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const name = `${label}(?:\\.${label})*`;
const port = '(?::[1-9][0-9]{0,4})?';
const host = `(?:\\*\\.)?${name}${port}`;

/** Hosts with commas between, at most 20, or empty. `*.example.org` stands for every name below `example.org`, not for itself. */
export const hostListPattern = new RegExp(`^$|^${host}(?:,${host}){0,19}$`);
/** An `https` address of a folder, without a user, a query or an escape, or empty. */
export const mirrorPattern = new RegExp(`^$|^https:\\/\\/${name}${port}(?:\\/[A-Za-z0-9._~-]+)*\\/?$`);

export function splitHosts(list: string): readonly string[] {
  return list === '' ? [] : list.split(',');
}

/** @param hosts as in the policy, split */
export function isAllowedHost(hosts: readonly string[], hostName: string, portNumber: number): boolean {
  return hosts.some((entry) => {
    const [allowed = '', allowedPort = '443'] = entry.split(':');
    if (Number(allowedPort) !== portNumber) return false;
    return allowed.startsWith('*.') ? hostName.endsWith(allowed.slice(1)) : hostName === allowed;
  });
}

/** The one entry that lets a download go to this address and nowhere else. */
export function hostOf(url: URL): string {
  return url.port === '' ? url.hostname : `${url.hostname}:${url.port}`;
}
