#!/usr/bin/env node
/**
 * Checks a Cloister audit bundle with nothing but Node 20 or newer. It shares no code with the app: everything below is
 * written from the public formats (RFC 6962 hashing, C2SP signed-note, tlog-checkpoint and tlog-tiles, OpenSSH SSHSIG,
 * RFC 8785 canonical JSON) and electron/vault/log/FORMAT.md.
 *
 *   node verify.mjs BUNDLE.zip|FOLDER [--key FILE] [--json]
 *
 * FILE holds the key that you trust: a `log.vkey` line or the `SHA256:` fingerprint that was compared out of band.
 * Exit 0: all of it holds. Exit 1: the first bad entry or file is named. Exit 2: wrong use.
 */
import { createHash, createPublicKey, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';

const namespace = 'cloister-audit-bundle';
const tileWidth = 256;
const clockToleranceMs = 2000;
const unlisted = new Set(['SHA256SUMS', 'SHA256SUMS.sshsig']);
const required = [
  'README.txt',
  'manifest.json',
  'keys/log.vkey',
  'keys/allowed_signers',
  'log/checkpoint',
  'checkpoints.txt',
  'events.jsonl',
];

/** Something is wrong with the bundle: `entry` or `file` says where. */
class Bad extends Error {
  /** @param {{ entry?: number, file?: string, range?: [number, number] }} where @param {string} message */
  constructor(where, message) {
    super(message);
    this.where = where;
  }
}

/** @typedef {Map<string, Buffer>} Members */
/** @typedef {{ members: Members, damaged: string[] }} Files damaged: names whose checksum in the zip file is wrong */
/** @typedef {{ name: string, id: Buffer, publicKey: Buffer }} Key */
/** @typedef {{ origin: string, size: number, root: Buffer, note: string }} Checkpoint */
/** @typedef {{ index: number, bytes: Buffer, hash: Buffer }} Leaf */
/** @typedef {{ seq: number, event: string, at: string, texts: Record<string, string>, data: Record<string, unknown> }} Event */

// ---------------------------------------------------------------------------------------------- files

/** @param {string} path @returns {Files} */
function readFiles(path) {
  return statSync(path).isDirectory() ? { members: readFolder(path), damaged: [] } : readZip(readWhole(path));
}

/** In pieces: one read call takes at most 2 GiB. @param {string} path */
function readWhole(path) {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(file).size);
    for (let at = 0; at < bytes.length;) {
      const count = readSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 28), at);
      if (count === 0) throw new Bad({ file: 'the zip file' }, 'it became shorter while it was read');
      at += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** @param {string} root @returns {Members} */
function readFolder(root) {
  /** @type {Members} */
  const members = new Map();
  for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(root, entry);
    const name = relative(root, path).split(sep).join('/');
    const kind = lstatSync(path);
    if (kind.isDirectory()) continue;
    if (!kind.isFile()) throw new Bad({ file: name }, 'it is not an ordinary file');
    members.set(name, readWhole(path));
  }
  return members;
}

/**
 * A strict reader: no comment, no encryption, no gaps, no overlaps, no two members of one name, and the local headers say
 * what the central directory says. What two unzip programs could read differently is refused.
 * @param {Buffer} zip @returns {Files}
 */
function readZip(zip) {
  const end = zip.length - 22;
  if (end < 0 || zip.readUInt32LE(end) !== 0x06054b50 || zip.readUInt16LE(end + 20) !== 0) {
    throw new Bad({ file: 'the zip file' }, 'it is cut off or has something behind its end');
  }
  const { count, offset, directoryEnd } = directoryOf(zip, end);
  /** @type {Members} */
  const members = new Map();
  /** @type {string[]} */
  const damaged = [];
  let position = offset;
  let expectedStart = 0;
  for (let n = 0; n < count; n += 1) {
    const head = centralHeader(zip, position, directoryEnd);
    if (members.has(head.name)) throw new Bad({ file: head.name }, 'there are two files of this name');
    if (head.start !== expectedStart)
      throw new Bad({ file: head.name }, 'it does not begin where the file before it ends');
    const { bytes, dataEnd } = memberBytes(zip, head, offset);
    members.set(head.name, bytes);
    if (crc32(bytes) !== head.crc) damaged.push(head.name);
    expectedStart = dataEnd;
    position = head.next;
  }
  if (position !== directoryEnd || expectedStart !== offset)
    throw new Bad({ file: 'the zip file' }, 'it holds bytes that belong to no file');
  return { members, damaged };
}

/** @param {Buffer} zip @param {number} end where the end record begins */
function directoryOf(zip, end) {
  const narrow = {
    count: zip.readUInt16LE(end + 10),
    size: zip.readUInt32LE(end + 12),
    offset: zip.readUInt32LE(end + 16),
  };
  let { count, size, offset } = narrow;
  let directoryEnd = end;
  if (end >= 76 && zip.readUInt32LE(end - 20) === 0x07064b50) {
    directoryEnd = end - 76;
    count = Number(zip.readBigUInt64LE(directoryEnd + 32));
    size = Number(zip.readBigUInt64LE(directoryEnd + 40));
    offset = Number(zip.readBigUInt64LE(directoryEnd + 48));
    const agree =
      zip.readUInt32LE(directoryEnd) === 0x06064b50 &&
      Number(zip.readBigUInt64LE(end - 20 + 8)) === directoryEnd &&
      [count, 0xffff].includes(narrow.count) &&
      [size, 0xffffffff].includes(narrow.size) &&
      [offset, 0xffffffff].includes(narrow.offset);
    if (!agree) throw new Bad({ file: 'the zip file' }, 'its ZIP64 end record is broken');
  }
  const oneDisk = zip.readUInt32LE(end + 4) === 0 && zip.readUInt16LE(end + 8) === zip.readUInt16LE(end + 10);
  if (!oneDisk || offset + size !== directoryEnd)
    throw new Bad({ file: 'the zip file' }, 'its end does not describe its directory');
  return { count, offset, directoryEnd };
}

/** @param {Buffer} zip @param {number} position @param {number} limit */
function centralHeader(zip, position, limit) {
  if (position + 46 > limit || zip.readUInt32LE(position) !== 0x02014b50)
    throw new Bad({ file: 'the zip file' }, 'its directory is broken');
  const nameLength = zip.readUInt16LE(position + 28);
  const extraLength = zip.readUInt16LE(position + 30);
  const commentLength = zip.readUInt16LE(position + 32);
  const name = zip.toString('utf8', position + 46, position + 46 + nameLength);
  const extra = zip.subarray(position + 46 + nameLength, position + 46 + nameLength + extraLength);
  const sizes = {
    compressed: zip.readUInt32LE(position + 20),
    size: zip.readUInt32LE(position + 24),
    start: zip.readUInt32LE(position + 42),
  };
  const wide = wideSizes(sizes, extra);
  if (commentLength !== 0) throw new Bad({ file: JSON.stringify(name) }, 'it has a comment in the zip file');
  if (
    !/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) ||
    name.split('/').some((part) => part === '..' || part === '.')
  ) {
    throw new Bad({ file: JSON.stringify(name) }, 'its name is not one that a bundle may hold');
  }
  return {
    name,
    flags: zip.readUInt16LE(position + 8),
    method: zip.readUInt16LE(position + 10),
    crc: zip.readUInt32LE(position + 16),
    ...sizes,
    wide,
    next: position + 46 + nameLength + extraLength + commentLength,
  };
}

/** ZIP64: what does not fit into 32 bits stands in extra field 1. @param {{ compressed: number, size: number, start: number }} sizes @param {Buffer} extra */
function wideSizes(sizes, extra) {
  let wide = false;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let from = at + 4;
    for (const field of /** @type {const} */ (['size', 'compressed', 'start'])) {
      if (sizes[field] !== 0xffffffff) continue;
      sizes[field] = Number(extra.readBigUInt64LE(from));
      from += 8;
      wide = true;
    }
  }
  return wide;
}

/** @param {Buffer} zip @param {ReturnType<typeof centralHeader>} head @param {number} limit where the directory begins */
function memberBytes(zip, head, limit) {
  const { start, name } = head;
  if (start + 30 > limit || zip.readUInt32LE(start) !== 0x04034b50)
    throw new Bad({ file: name }, 'its local header is missing');
  if ((head.flags & 1) !== 0) throw new Bad({ file: name }, 'it is encrypted');
  const nameLength = zip.readUInt16LE(start + 26);
  const localName = zip.toString('utf8', start + 30, start + 30 + nameLength);
  const sums = [14, 18, 22].map((at) => zip.readUInt32LE(start + at));
  const expected = (head.flags & 8) === 0 ? [head.crc, head.compressed, head.size] : [0, 0, 0];
  const same =
    zip.readUInt16LE(start + 6) === head.flags &&
    zip.readUInt16LE(start + 8) === head.method &&
    localName === name &&
    sums.every((sum, n) => sum === expected[n] || (head.wide && sum === 0xffffffff));
  if (!same) throw new Bad({ file: name }, 'its two headers in the zip file differ');
  const from = start + 30 + nameLength + zip.readUInt16LE(start + 28);
  const to = from + head.compressed;
  if (to > limit) throw new Bad({ file: name }, 'it runs into the directory of the zip file');
  if (head.method !== 0 || head.compressed !== head.size)
    throw new Bad({ file: name }, 'it is packed; a bundle stores its files as they are');
  return { bytes: zip.subarray(from, to), dataEnd: to + descriptorLength(zip, head, to) };
}

/** A data descriptor may follow the data: 16 bytes, or 24 with ZIP64. @param {Buffer} zip @param {ReturnType<typeof centralHeader>} head @param {number} at */
function descriptorLength(zip, head, at) {
  if ((head.flags & 8) === 0) return 0;
  const sizes = head.wide
    ? [8, 16].map((from) => Number(zip.readBigUInt64LE(at + from)))
    : [8, 12].map((from) => zip.readUInt32LE(at + from));
  const right =
    zip.readUInt32LE(at) === 0x08074b50 &&
    zip.readUInt32LE(at + 4) === head.crc &&
    sizes[0] === head.compressed &&
    sizes[1] === head.size;
  if (!right) throw new Bad({ file: head.name }, 'its data descriptor is broken');
  return head.wide ? 24 : 16;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** @param {Buffer} bytes */
function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ Number(crcTable[(value ^ byte) & 0xff]);
  return (value ^ 0xffffffff) >>> 0;
}

// ---------------------------------------------------------------------------------------------- keys and signatures

/** @param {Buffer[]} bytes */
const sha256 = (...bytes) => {
  const hash = createHash('sha256');
  for (const part of bytes) hash.update(part);
  return hash.digest();
};

/** @param {Buffer} message @param {Buffer} signature @param {Buffer} publicKey raw Ed25519 */
function isSignedBy(message, signature, publicKey) {
  if (signature.length !== 64) return false;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verifySignature(
    null,
    message,
    createPublicKey({ key: der, format: 'der', type: 'spki' }),
    signature,
  );
}

/** Base64 in its one form. @param {string} text */
function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : null;
}

/** C2SP signed-note verifier key: `<name>+<id>+<base64(0x01 || key)>`. @param {string} line @returns {Key | null} */
function parseKey(line) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(line);
  const blob = base64(match?.[3] ?? '');
  const name = match?.[1];
  if (name === undefined || blob === null || blob.length !== 33 || blob[0] !== 1) return null;
  const id = sha256(Buffer.from(`${name}\n`), blob).subarray(0, 4);
  return id.toString('hex') === match?.[2] ? { name, id, publicKey: blob.subarray(1) } : null;
}

/** RFC 4251: length in 32 bits, then the bytes. @param {Buffer} bytes */
function sshString(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
/** @param {Buffer} publicKey */
const sshKey = (publicKey) => Buffer.concat([sshString(Buffer.from('ssh-ed25519')), sshString(publicKey)]);
/** @param {Buffer} publicKey */
const fingerprint = (publicKey) =>
  `SHA256:${sha256(sshKey(publicKey)).toString('base64').replace(/=+$/, '')}`;

/** PROTOCOL.sshsig: the whole blob is known but for the signature, so it is rebuilt and compared. @param {string} armor @param {Buffer} message @param {Buffer} publicKey */
function checkSshSignature(armor, message, publicKey) {
  const file = 'SHA256SUMS.sshsig';
  const match = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n$/.exec(
    armor,
  );
  const blob = base64((match?.[1] ?? '').replaceAll('\n', '')) ?? Buffer.alloc(0);
  const text = (/** @type {string} */ value) => sshString(Buffer.from(value));
  const fields = Buffer.concat([text(namespace), text(''), text('sha512')]);
  const signature = blob.subarray(-64);
  const expected = Buffer.concat([
    Buffer.from('SSHSIG'),
    Buffer.from([0, 0, 0, 1]),
    sshString(sshKey(publicKey)),
    fields,
    sshString(Buffer.concat([text('ssh-ed25519'), sshString(signature)])),
  ]);
  if (blob.length !== expected.length || !timingSafeEqual(blob, expected))
    throw new Bad({ file }, 'it is not a signature of the key in keys/log.vkey');
  const signed = Buffer.concat([
    Buffer.from('SSHSIG'),
    fields,
    sshString(createHash('sha512').update(message).digest()),
  ]);
  if (!isSignedBy(signed, signature, publicKey))
    throw new Bad({ file }, 'the signature does not fit SHA256SUMS');
}

/** C2SP signed-note and tlog-checkpoint. @param {string} note @param {Key} key @param {string} file @returns {Checkpoint} */
function openCheckpoint(note, key, file) {
  const match =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— ([^ \n]+) ([A-Za-z0-9+/=]+)\n$/u.exec(note);
  const root = base64(match?.[3] ?? '');
  const blob = base64(match?.[5] ?? '');
  if (match === null || root === null || blob === null) throw new Bad({ file }, 'it is not a checkpoint');
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const ours = match[4] === key.name && blob.subarray(0, 4).equals(key.id);
  if (!ours || !isSignedBy(Buffer.from(body), blob.subarray(4), key.publicKey))
    throw new Bad({ file }, 'its signature is not one of the key in keys/log.vkey');
  return { origin: String(match[1]), size: Number(match[2]), root, note };
}

// ---------------------------------------------------------------------------------------------- tree

/** @param {Buffer} leaf */
const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
/** @param {Buffer} left @param {Buffer} right */
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 6962 roots of the trees of these sizes, in one pass. @param {readonly Buffer[]} hashes @param {readonly number[]} sizes @returns {Map<number, Buffer>} without those that are larger than the tree */
function rootsOf(hashes, sizes) {
  const wanted = new Set(sizes);
  /** @type {Map<number, Buffer>} */
  const roots = new Map(wanted.has(0) ? [[0, sha256()]] : []);
  /** @type {{ level: number, hash: Buffer }[]} */
  const stack = [];
  for (const [index, hash] of hashes.entries()) {
    let node = { level: 0, hash };
    for (let left = stack.at(-1); left?.level === node.level; left = stack.at(-1)) {
      stack.pop();
      node = { level: node.level + 1, hash: nodeHash(left.hash, node.hash) };
    }
    stack.push(node);
    if (wanted.has(index + 1))
      roots.set(
        index + 1,
        stack.map((part) => part.hash).reduceRight((right, left) => nodeHash(left, right)),
      );
  }
  return roots;
}

/** @param {readonly Buffer[]} hashes */
const rootOf = (hashes) => /** @type {Buffer} */ (rootsOf(hashes, [hashes.length]).get(hashes.length));

/** C2SP tlog-tiles. @param {number | string} level @param {number} index @param {number} width */
function tileName(level, index, width) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, n) => (n < groups.length - 1 ? `x${group}` : group)).join('/');
  return `log/tile/${level}/${path}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** @param {number} count */
function* tileRanges(count) {
  for (let index = 0; index * tileWidth < count; index += 1)
    yield { index, width: Math.min(tileWidth, count - index * tileWidth) };
}

/** The hashes that the level-0 tiles hold, or as many of them as can be read. @param {Members} members @param {number} size */
function tileHashes(members, size) {
  /** @type {(Buffer | null)[]} */
  const hashes = [];
  for (const { index, width } of tileRanges(size)) {
    const bytes = members.get(tileName(0, index, width));
    for (let n = 0; n < width; n += 1) {
      hashes.push(
        bytes !== undefined && bytes.length === width * 32 ? bytes.subarray(n * 32, n * 32 + 32) : null,
      );
    }
  }
  return hashes;
}

/** Every tile holds what the leaves make, and there is no other. @param {Members} members @param {readonly Leaf[]} leaves */
function checkTiles(members, leaves) {
  const expected = new Set();
  let hashes = leaves.map((leaf) => leaf.hash);
  for (let level = 0; hashes.length > 0; level += 1) {
    for (const { index, width } of tileRanges(hashes.length)) {
      const name = tileName(level, index, width);
      expected.add(name);
      const bytes = Buffer.concat(hashes.slice(index * tileWidth, index * tileWidth + width));
      if (members.get(name)?.equals(bytes) !== true)
        throw new Bad({ file: name }, 'it does not hold the hashes of the entries');
    }
    hashes = [...tileRanges(hashes.length)]
      .filter(({ width }) => width === tileWidth)
      .map(({ index }) => rootOf(hashes.slice(index * tileWidth, (index + 1) * tileWidth)));
  }
  for (const { index, width } of tileRanges(leaves.length)) {
    const name = tileName('entries', index, width);
    expected.add(name);
    const bytes = Buffer.concat(
      leaves
        .slice(index * tileWidth, index * tileWidth + width)
        .flatMap((leaf) => [Buffer.of(leaf.bytes.length >> 8, leaf.bytes.length & 0xff), leaf.bytes]),
    );
    if (members.get(name)?.equals(bytes) !== true)
      throw new Bad({ file: name }, 'it does not hold the entries of events.jsonl');
  }
  for (const name of members.keys()) {
    if (name.startsWith('log/tile/') && !expected.has(name))
      throw new Bad({ file: name }, 'no tile of this tree has this name');
  }
}

// ---------------------------------------------------------------------------------------------- entries

/** @param {Buffer} bytes @param {string} file @returns {Buffer[]} */
function linesOf(bytes, file) {
  if (bytes.length > 0 && bytes.at(-1) !== 10) throw new Bad({ file }, 'its last line is cut off');
  const lines = [];
  for (let from = 0; from < bytes.length;) {
    const to = bytes.indexOf(10, from);
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

/** RFC 8785, which refuses lone surrogates: two such texts share their UTF-8. @param {unknown} value @returns {string} */
function canonical(value) {
  if (typeof value === 'string' && Buffer.from(value).toString() !== value)
    throw new RangeError('a lone surrogate');
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = /** @type {Record<string, unknown>} */ (value);
  return `{${Object.keys(object)
    .toSorted(byCodeUnit)
    .map((key) => `${canonical(key)}:${canonical(object[key])}`)
    .join(',')}}`;
}

/** @param {string} a @param {string} b */
const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param {Buffer} bytes @returns {any} undefined unless it is canonical JSON */
function parseCanonical(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    return canonical(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The leaves against the signed tree. A wrong leaf is named by its index where the tiles still carry the signed hashes;
 * else by the smallest range between two signed checkpoints.
 * @param {Members} members @param {Checkpoint} checkpoint @param {readonly Checkpoint[]} earlier @returns {Leaf[]}
 */
function checkTree(members, checkpoint, earlier) {
  const lines = linesOf(/** @type {Buffer} */ (members.get('events.jsonl')), 'events.jsonl');
  const leaves = lines.map((bytes, index) => ({ index, bytes, hash: leafHash(bytes) }));
  const { size, root } = checkpoint;
  const hashes = leaves.map((leaf) => leaf.hash);
  if (leaves.length === size && rootOf(hashes).equals(root)) return leaves;
  if (leaves.length > size && rootsOf(hashes, [size]).get(size)?.equals(root) === true) {
    throw new Bad({ entry: size, file: 'events.jsonl' }, describeBadLeaf(lines[size], size, size));
  }
  const signed = tileHashes(members, size);
  if (signed.every((hash) => hash !== null) && rootOf(/** @type {Buffer[]} */ (signed)).equals(root)) {
    const first = signed.findIndex(
      (hash, index) => hashes[index]?.equals(/** @type {Buffer} */ (hash)) !== true,
    );
    const entry = first < 0 ? size : first;
    throw new Bad({ entry, file: 'events.jsonl' }, describeBadLeaf(lines[entry], entry, size));
  }
  const roots = rootsOf(
    hashes,
    earlier.map((known) => known.size),
  );
  const held = earlier.filter((known) => roots.get(known.size)?.equals(known.root) === true);
  const from = Math.max(0, ...held.map((known) => known.size));
  const to = Math.min(size, ...earlier.filter((known) => known.size > from).map((known) => known.size)) - 1;
  throw new Bad(
    { range: [from, to], file: 'events.jsonl' },
    'the entries do not make the signed tree, and the tiles do not either',
  );
}

/** @param {Buffer | undefined} line @param {number} entry @param {number} size */
function describeBadLeaf(line, entry, size) {
  if (line === undefined) return `it is missing: the signed tree has ${size} entries`;
  if (entry >= size) return `it was added: the signed tree has ${size} entries`;
  const parsed = parseCanonical(line);
  const seq = parsed?.seq;
  return typeof seq === 'number' && seq !== entry
    ? `entry ${seq} stands in its place`
    : 'it is not the entry that was signed';
}

/** @param {readonly Leaf[]} leaves @param {Checkpoint} checkpoint @param {readonly Checkpoint[]} earlier */
function checkPrefixes(leaves, checkpoint, earlier) {
  const file = 'checkpoints.txt';
  const roots = rootsOf(
    leaves.map((leaf) => leaf.hash),
    earlier.map((known) => known.size),
  );
  let before = 0;
  for (const { size, origin, root } of earlier) {
    if (size <= before || size >= checkpoint.size)
      throw new Bad({ file }, 'its checkpoints are not smaller than the newest one, oldest first');
    if (origin !== checkpoint.origin || roots.get(size)?.equals(root) !== true) {
      throw new Bad(
        { file, range: [before, size - 1] },
        `the record of ${size} entries that was signed earlier is not part of this one`,
      );
    }
    before = size;
  }
}

/** @param {Buffer} bytes @param {Key} key */
function earlierCheckpoints(bytes, key) {
  const notes = bytes.toString('utf8').split('----\n');
  if (notes.pop() !== '') throw new Bad({ file: 'checkpoints.txt' }, 'its last line is cut off');
  return notes.map((note) => openCheckpoint(note, key, 'checkpoints.txt'));
}

/** @param {readonly Leaf[]} leaves @param {Key} key @param {string} origin */
function checkEvents(leaves, key, origin) {
  /** @type {Event[]} */
  const events = [];
  /** @type {Map<string, { entry: number, closed: boolean }>} */
  const turns = new Map();
  for (const { index, bytes } of leaves) {
    const event = parseCanonical(bytes);
    if (event === undefined)
      throw new Bad({ entry: index, file: 'events.jsonl' }, 'it is not canonical JSON');
    if (!isEvent(event) || event.seq !== index) {
      throw new Bad(
        { entry: index, file: 'events.jsonl' },
        'it is not an entry of this format, or does not say its own place',
      );
    }
    checkClock(events.at(-1), event, index);
    checkTurn(turns, event, index);
    events.push(event);
  }
  const [first] = events;
  const created =
    first?.event === 'log.created' &&
    first.data['origin'] === origin &&
    first.data['logKey'] === sha256(key.publicKey).toString('hex');
  if (!created)
    throw new Bad({ entry: 0, file: 'events.jsonl' }, 'it does not begin this record with this key');
  return { events, open: [...turns.values()].filter((turn) => !turn.closed).map((turn) => turn.entry) };
}

/** @param {any} value @returns {value is Event} */
function isEvent(value) {
  const isObject = (/** @type {unknown} */ part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part);
  return (
    isObject(value) &&
    value.v === 1 &&
    typeof value.event === 'string' &&
    typeof value.at === 'string' &&
    isObject(value.texts) &&
    isObject(value.data)
  );
}

/** @param {Event | undefined} before @param {Event} event @param {number} index */
function checkClock(before, event, index) {
  const at = Date.parse(event.at);
  if (Number.isNaN(at) || new Date(at).toISOString() !== event.at)
    throw new Bad({ entry: index, file: 'events.jsonl' }, 'its time is not one');
  const backMs = before === undefined ? 0 : Date.parse(before.at) - at;
  if (event.event === 'clock.jumped-back') {
    if (backMs <= clockToleranceMs || event.data['byMs'] !== backMs)
      throw new Bad(
        { entry: index, file: 'events.jsonl' },
        'it tells of another jump of the clock than there was',
      );
  } else if (backMs > clockToleranceMs)
    throw new Bad(
      { entry: index, file: 'events.jsonl' },
      'the clock went back and the record does not say so',
    );
}

/** Every outcome has its intent, and every intent at most one outcome. @param {Map<string, { entry: number, closed: boolean }>} turns @param {Event} event @param {number} index */
function checkTurn(turns, event, index) {
  const turn = String(event.data['turn']);
  if (event.event === 'prompt.submitted') {
    if (turns.has(turn))
      throw new Bad({ entry: index, file: 'events.jsonl' }, 'it uses the number of an earlier request');
    turns.set(turn, { entry: index, closed: false });
  } else if (event.event.startsWith('response.')) {
    const intent = turns.get(turn);
    if (intent === undefined || intent.closed || intent.entry !== event.data['intent'])
      throw new Bad({ entry: index, file: 'events.jsonl' }, 'it does not answer an open request');
    intent.closed = true;
  }
}

/** @param {any} value @returns {value is { index: number, field: string, salt: string, text: string }} */
function isPayload(value) {
  return (
    Number.isSafeInteger(value?.index) &&
    value.index >= 0 &&
    [value.field, value.salt, value.text].every((part) => typeof part === 'string')
  );
}

/** One text for each commitment, in the order of the entries and then of the fields. @param {Members} members @param {readonly Event[]} events */
function checkPayloads(members, events) {
  const bytes = members.get('payloads.jsonl');
  if (bytes === undefined) return null;
  const lines = linesOf(bytes, 'payloads.jsonl');
  const file = (/** @type {number} */ line) => `payloads.jsonl line ${line + 1}`;
  let line = 0;
  for (const [entry, event] of events.entries()) {
    for (const expected of Object.keys(event.texts).toSorted(byCodeUnit)) {
      const content = lines[line];
      if (content === undefined)
        throw new Bad({ entry, file: file(line) }, `its text "${expected}" is missing`);
      const payload = parseCanonical(content);
      if (!isPayload(payload)) throw new Bad({ file: file(line) }, 'it is not a payload');
      const { index, field, salt, text } = payload;
      const where = { entry: Math.min(index, entry), file: file(line) };
      if (index !== entry || field !== expected)
        throw new Bad(where, `the text "${expected}" of entry ${entry} should stand here`);
      const salted = base64(salt);
      const commitment =
        salted?.length === 32 ? sha256(Buffer.of(0x10), salted, Buffer.from(text)).toString('hex') : null;
      if (event.texts[field] !== commitment)
        throw new Bad(where, `the text "${field}" is not the one that the entry commits to`);
      line += 1;
    }
  }
  if (line < lines.length) throw new Bad({ file: file(line) }, 'no entry commits to it');
  return line;
}

// ---------------------------------------------------------------------------------------------- the whole bundle

/** The list and every file in it; no file stands beside it. @param {Members} members */
function checkSums(members) {
  const sums = sumsOf(members);
  for (const name of members.keys()) {
    if (!sums.has(name) && !unlisted.has(name)) throw new Bad({ file: name }, 'SHA256SUMS does not list it');
  }
  const [wrong] = wrongSums(members, sums);
  if (wrong !== undefined)
    throw new Bad(
      { file: wrong },
      members.has(wrong) ? 'its bytes are not those that SHA256SUMS names' : 'it is missing',
    );
}

/** @param {Members} members */
function sumsOf(members) {
  const lines = String(members.get('SHA256SUMS')?.toString('utf8')).split('\n');
  if (lines.pop() !== '') throw new Bad({ file: 'SHA256SUMS' }, 'its last line is cut off');
  /** @type {Map<string, string>} */
  const sums = new Map();
  for (const line of lines) {
    const match = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line);
    if (match === null || sums.has(String(match[2])))
      throw new Bad({ file: 'SHA256SUMS' }, 'it is not a list of files');
    sums.set(String(match[2]), String(match[1]));
  }
  return sums;
}

/** @param {Members} members @param {Map<string, string>} sums @returns {string[]} */
function wrongSums(members, sums) {
  const isWrong = (/** @type {[string, string]} */ [name, sum]) => {
    const bytes = members.get(name);
    return bytes === undefined || sha256(bytes).toString('hex') !== sum;
  };
  return [...sums]
    .filter(isWrong)
    .map(([name]) => name)
    .toSorted(byCodeUnit);
}

/** What SHA256SUMS says of the files, to be told beside a bad entry. @param {Members} members */
function sumsRemark(members) {
  try {
    const wrong = wrongSums(members, sumsOf(members));
    return wrong.length === 0
      ? '; SHA256SUMS was made to fit it'
      : `; SHA256SUMS does not fit ${wrong.join(', ')}`;
  } catch {
    return '; SHA256SUMS is damaged too';
  }
}

/** @param {Members} members @param {Key} key @param {Checkpoint} checkpoint @param {readonly Checkpoint[]} earlier */
function checkManifest(members, key, checkpoint, earlier) {
  const file = 'manifest.json';
  const bytes = /** @type {Buffer} */ (members.get(file));
  const manifest = bytes.at(-1) === 10 ? parseCanonical(bytes.subarray(0, -1)) : undefined;
  if (manifest?.format !== 'cloister-audit-bundle/1')
    throw new Bad({ file }, 'it is not the manifest of a bundle that this verifier knows');
  const facts = {
    origin: checkpoint.origin,
    treeSize: checkpoint.size,
    range: { from: 0, to: checkpoint.size - 1 },
    previousCheckpoint: earlier.at(-1)?.note ?? null,
  };
  for (const [name, value] of Object.entries(facts)) {
    if (canonical(manifest[name]) !== canonical(value))
      throw new Bad({ file }, `what it says of "${name}" is not so`);
  }
  if (key.name !== checkpoint.origin)
    throw new Bad({ file: 'keys/log.vkey' }, 'it is the key of another record');
  if ((manifest.clinicalText === 'included') !== members.has('payloads.jsonl'))
    throw new Bad({ file }, 'what it says of the clinical text is not so');
  return manifest;
}

/**
 * From the most telling to the least: an entry is named before the file that it stands in, and a broken signature before
 * what the unsigned list says. Nothing of it may fail.
 * @param {Files} files @param {string | null} pinned a `log.vkey` line or a fingerprint
 */
function verifyBundle({ members, damaged }, pinned) {
  const missing = [...required, ...unlisted].find((name) => !members.has(name));
  if (missing !== undefined) throw new Bad({ file: missing }, 'it is missing');
  const bytes = (/** @type {string} */ name) => /** @type {Buffer} */ (members.get(name));
  const text = (/** @type {string} */ name) => bytes(name).toString('utf8');
  const vkey = text('keys/log.vkey').replace(/\n$/, '');
  const key = parseKey(vkey);
  if (key === null) throw new Bad({ file: 'keys/log.vkey' }, 'it is not a verifier key');
  if (pinned !== null && pinned !== fingerprint(key.publicKey) && pinned !== vkey) {
    throw new Bad(
      { file: 'keys/log.vkey' },
      `it is not the key that you gave; its fingerprint is ${fingerprint(key.publicKey)}`,
    );
  }
  const checkpoint = openCheckpoint(text('log/checkpoint'), key, 'log/checkpoint');
  const earlier = earlierCheckpoints(bytes('checkpoints.txt'), key);
  const leaves = checkTree(members, checkpoint, earlier);
  checkPrefixes(leaves, checkpoint, earlier);
  const { events, open } = checkEvents(leaves, key, checkpoint.origin);
  const payloads = checkPayloads(members, events);
  checkTiles(members, leaves);
  checkSshSignature(text('SHA256SUMS.sshsig'), bytes('SHA256SUMS'), key.publicKey);
  checkSums(members);
  if (damaged[0] !== undefined) throw new Bad({ file: damaged[0] }, 'its checksum in the zip file is wrong');
  const allowed = `cloister-log namespaces="${namespace}" ssh-ed25519 ${sshKey(key.publicKey).toString('base64')}\n`;
  if (text('keys/allowed_signers') !== allowed)
    throw new Bad({ file: 'keys/allowed_signers' }, 'it names another key than keys/log.vkey');
  const manifest = checkManifest(members, key, checkpoint, earlier);
  return {
    origin: checkpoint.origin,
    treeSize: checkpoint.size,
    rootHash: checkpoint.root.toString('hex'),
    keyFingerprint: fingerprint(key.publicKey),
    authenticated: pinned !== null,
    clinicalText: manifest.clinicalText,
    flavour: manifest.flavour,
    payloads,
    earlierCheckpoints: earlier.length,
    openRequests: open,
    from: events[0]?.at,
    to: events.at(-1)?.at,
  };
}

/** @param {ReturnType<typeof verifyBundle>} summary */
function describe(summary) {
  return [
    summary.authenticated
      ? 'AUTHENTICATED: signed by the key you gave.'
      : 'consistent, NOT authenticated: no key was given, so anybody could have signed this.',
    `  record       ${summary.origin}`,
    `  entries      ${summary.treeSize}, from ${summary.from} to ${summary.to}`,
    `  fingerprint  ${summary.keyFingerprint}`,
    `  root         ${summary.rootHash}`,
    `  text         ${summary.payloads === null ? 'withheld' : `included, ${summary.payloads} texts match their commitments`}`,
    `  checkpoints  ${summary.earlierCheckpoints} earlier, each a prefix of this record`,
    ...(summary.flavour === 'development'
      ? ['  made by      a DEVELOPMENT build, with made-up patients']
      : []),
    ...(summary.openRequests.length > 0
      ? [`  note         requests without an outcome at entries ${summary.openRequests.join(', ')}`]
      : []),
  ].join('\n');
}

/** @param {Bad} bad @param {string} remark */
function describeBad({ where, message }, remark) {
  const file = where.file === undefined ? '' : ` (${where.file})`;
  if (where.entry !== undefined) return `BAD at entry ${where.entry}${file}: ${message}${remark}`;
  if (where.range !== undefined)
    return `BAD between entries ${where.range[0]} and ${where.range[1]}${file}: ${message}${remark}`;
  return `BAD file ${where.file}: ${message}`;
}

/** @param {string} path @param {string | null} pinned @param {boolean} json */
function report(path, pinned, json) {
  let remark = '';
  try {
    const files = readFiles(path);
    remark = sumsRemark(files.members);
    const summary = verifyBundle(files, pinned);
    console.log(json ? JSON.stringify({ ok: true, ...summary }) : describe(summary));
    return 0;
  } catch (error) {
    if (isFileError(error)) throw error;
    // A bundle that a stranger made must not look like a crash of this program: what it cannot read is bad.
    const bad =
      error instanceof Bad
        ? error
        : new Bad(
            { file: 'the bundle' },
            `it could not be read to its end (${error instanceof Error ? error.message : ''})`,
          );
    console.log(
      json ? JSON.stringify({ ok: false, ...bad.where, problem: bad.message }) : describeBad(bad, remark),
    );
    return 1;
  }
}

/** @param {unknown} error @returns {error is Error & { code: string }} */
function isFileError(error) {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** A key line, or a fingerprint with or without what ssh-keygen prints around it. @param {string} text */
function pinnedKey(text) {
  const line = text.trim();
  return parseKey(line) === null
    ? (/^(?:\d+ )?(SHA256:[A-Za-z0-9+/]{43})(?: [^\n]*)?$/.exec(line)?.[1] ?? null)
    : line;
}

function main() {
  const words = process.argv.slice(2);
  const json = words.includes('--json');
  const keyAt = words.indexOf('--key');
  const keyFile = keyAt < 0 ? null : words[keyAt + 1];
  const paths = words.filter(
    (word, index) => word !== '--json' && (keyAt < 0 || (index !== keyAt && index !== keyAt + 1)),
  );
  const [path] = paths;
  if (path === undefined || paths.length !== 1 || path.startsWith('--') || keyFile === undefined) {
    console.error('usage: node verify.mjs BUNDLE.zip|FOLDER [--key FILE] [--json]');
    return 2;
  }
  try {
    const pinned = keyFile === null ? null : pinnedKey(readFileSync(keyFile, 'utf8'));
    if (keyFile !== null && pinned === null) {
      console.error('The key file holds neither a log.vkey line nor a SHA256: fingerprint.');
      return 2;
    }
    return report(path, pinned, json);
  } catch (error) {
    if (!isFileError(error)) throw error;
    console.error(`The bundle or the key file could not be read (${error.code}).`);
    return 2;
  }
}

process.exitCode = main();
