import { expect, it } from 'vitest';
import { hostOf, isAllowedHost, splitHosts } from './download-hosts.ts';

const hosts = splitHosts('huggingface.co,*.hf.co,mirror.example:8443');

it.each([
  ['huggingface.co', 443],
  ['cdn-lfs.hf.co', 443],
  ['cas-bridge.xethub.hf.co', 443],
  ['mirror.example', 8443],
])('a download may connect to %s:%i', (name, port) => {
  expect(isAllowedHost(hosts, name, port)).toBe(true);
});

it.each([
  ['hf.co', 443],
  ['evilhf.co', 443],
  ['hf.co.evil.example', 443],
  ['huggingface.co', 8443],
  ['www.huggingface.co', 443],
  ['huggingface.co.', 443],
  ['HUGGINGFACE.CO', 443],
  ['mirror.example', 443],
  ['a.mirror.example', 8443],
  ['[::1]', 443],
  ['', 443],
])('and not to %s:%i', (name, port) => {
  expect(isAllowedHost(hosts, name, port)).toBe(false);
});

it('without a list it may connect to nobody', () => {
  expect(splitHosts('')).toEqual([]);
  expect(isAllowedHost([], 'huggingface.co', 443)).toBe(false);
});

it('of an address, the host and its port are allowed and no other', () => {
  expect(
    ['https://a.example/x', 'https://a.example:8443/', 'https://a.example:443/'].map((url) =>
      hostOf(new URL(url)),
    ),
  ).toEqual(['a.example', 'a.example:8443', 'a.example']);
});
