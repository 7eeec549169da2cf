#!/usr/bin/env node
/**
 * Checks a Cloister audit bundle with nothing but Node 20 or newer. It shares no code with the app: everything below is
 * written from the public formats (RFC 6962 hashing, C2SP signed-note, tlog-checkpoint and tlog-tiles, OpenSSH SSHSIG,
 * RFC 8785 canonical JSON) and electron/vault/log/FORMAT.md.
 *
 *   node verify.mjs BUNDLE.zip|FOLDER [--key FILE] [--json]
 *
 * FILE holds the key that you trust: a `log.vkey` line or the `SHA256:` fingerprint that was compared out of band. It may
 * be an earlier key of the record: then the entries that changed the key must lead from it to the one that signs now.
 * Exit 0: all of it holds. Exit 1: the first bad entry or file is named. Exit 2: wrong use.
 */
import { createHash, createPublicKey, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const namespace = 'cloister-audit-bundle';
const tileWidth = 256;
const clockToleranceMs = 2000;
const maximumLeafBytes = 65_535;
/** Bytes read at a time: a bundle may be larger than the memory. */
const chunkBytes = 2 ** 20;
/** No file that is read as a whole comes near it. */
const maximumWholeBytes = 2 ** 27;
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

/** @typedef {{ path: string, stamp: string, from: number, size: number }} Place where a file's bytes stand */
/** @typedef {{ name: string, place: Place, sum: string, intact: boolean }} Member sum: SHA-256 in hex; intact: its checksum in the zip file is right */
/** @typedef {Map<string, Member>} Members */
/** @typedef {{ name: string, id: Buffer, publicKey: Buffer, line: string }} Key */
/** @typedef {{ origin: string, size: number, root: Buffer, note: string, signer: Key }} Checkpoint */
/** @typedef {{ entry: number, from: Key, to: Key }} KeyChange the entry is the first that `to` signed for */
/** @typedef {Buffer} Hashes of 32 bytes, one after the other */
/** @typedef {{ seq: number, event: string, at: string, monotonicMs: number, bootId: string, texts: Record<string, string>, data: Record<string, unknown> }} Event */

// ---------------------------------------------------------------------------------------------- files

/** @param {string} path @returns {Members} */
function readMembers(path) {
  if (!statSync(path).isDirectory()) return readZip(path);
  return new Map(namesIn(path, '').map((name) => [name, readMember(name, placeOf(join(path, name)), null)]));
}

/** Links are refused and never followed. @param {string} root @param {string} folder its name with a slash, or nothing @returns {string[]} */
function namesIn(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder + entry.name;
    if (entry.isDirectory()) return namesIn(root, `${name}/`);
    if (!entry.isFile()) throw new Bad({ file: name }, 'it is not an ordinary file');
    return [name];
  });
}

/** @param {string} path @returns {Place} */
function placeOf(path) {
  const facts = statSync(path);
  return { path, stamp: stampOf(facts), from: 0, size: facts.size };
}

/** @param {import('node:fs').Stats} facts */
const stampOf = ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`;

/** A file is read more than once: all of it must be what was there the first time. @template T @param {Place} place @param {(file: number) => T} read */
function opened({ path, stamp }, read) {
  const file = openSync(path, 'r');
  try {
    if (stampOf(fstatSync(file)) !== stamp)
      throw new Bad({ file: 'the bundle' }, 'it changed while it was read');
    return read(file);
  } finally {
    closeSync(file);
  }
}

/** @param {number} file @param {number} from @param {number} length */
function readAt(file, from, length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const count = readSync(file, bytes, at, length - at, from + at);
    if (count === 0) throw new Bad({ file: 'the bundle' }, 'it ends before its end');
    at += count;
  }
  return bytes;
}

/** @param {Place} place @returns {Generator<Buffer>} */
function* chunksOf(place) {
  for (let at = 0; at < place.size; at += chunkBytes) {
    const length = Math.min(chunkBytes, place.size - at);
    yield opened(place, (file) => readAt(file, place.from + at, length));
  }
}

/** @param {string} name @param {Place} place @param {number | null} crc what the zip file says @returns {Member} */
function readMember(name, place, crc) {
  const hash = createHash('sha256');
  let check = 0xffffffff;
  for (const chunk of chunksOf(place)) {
    hash.update(chunk);
    if (crc !== null) check = crc32(check, chunk);
  }
  const intact = crc === null || (check ^ 0xffffffff) >>> 0 === crc;
  return { name, place, sum: hash.digest('hex'), intact };
}

/** @param {Member} member */
function bytesOf({ name, place }) {
  if (place.size > maximumWholeBytes) throw new Bad({ file: name }, 'it is much too large');
  return Buffer.concat([...chunksOf(place)]);
}

/** @param {Members} members @param {string} name one that is known to be there */
function memberOf(members, name) {
  const member = members.get(name);
  if (member === undefined) throw new Bad({ file: name }, 'it is missing');
  return member;
}

/** @param {Members} members @param {string} name */
const textOf = (members, name) => bytesOf(memberOf(members, name)).toString('utf8');

/** Whether a member holds exactly these bytes. @param {Member | undefined} member @param {readonly Buffer[]} bytes */
function holds(member, bytes) {
  return member !== undefined && member.sum === sha256(...bytes).toString('hex');
}

/**
 * A strict reader: no comment, no encryption, no gaps, no overlaps, no links, no two members of one name, no second names
 * in extra fields, and the local headers say what the central directory says. What two unzip programs could read
 * differently is refused.
 * @param {string} path @returns {Members}
 */
function readZip(path) {
  const whole = placeOf(path);
  const { heads, offset } = opened(whole, (file) => {
    const { count, offset, size } = directoryOf(file, whole.size);
    const directory = readAt(file, offset, size);
    /** @type {ReturnType<typeof centralHeader>[]} */
    const heads = [];
    let position = 0;
    for (let n = 0; n < count; n += 1) {
      const head = centralHeader(directory, position);
      heads.push(head);
      position = head.next;
    }
    if (position !== size) throw new Bad({ file: 'the zip file' }, 'it holds bytes that belong to no file');
    return { heads, offset };
  });
  /** @type {Members} */
  const members = new Map();
  let expectedStart = 0;
  for (const head of heads) {
    if (members.has(head.name)) throw new Bad({ file: head.name }, 'there are two files of this name');
    if (head.start !== expectedStart)
      throw new Bad({ file: head.name }, 'it does not begin where the file before it ends');
    const { from, end } = opened(whole, (file) => placeInZip(file, head, offset));
    members.set(head.name, readMember(head.name, { ...whole, from, size: head.size }, head.crc));
    expectedStart = end;
  }
  if (expectedStart !== offset)
    throw new Bad({ file: 'the zip file' }, 'it holds bytes that belong to no file');
  return members;
}

/** @param {number} file @param {number} fileSize */
function directoryOf(file, fileSize) {
  const end = fileSize - 22;
  const record = end < 0 ? Buffer.alloc(22) : readAt(file, end, 22);
  if (record.readUInt32LE(0) !== 0x06054b50 || record.readUInt16LE(20) !== 0)
    throw new Bad({ file: 'the zip file' }, 'it is cut off or has something behind its end');
  const narrow = {
    count: record.readUInt16LE(10),
    size: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
  };
  let { count, size, offset } = narrow;
  let directoryEnd = end;
  const wide = end < 76 ? Buffer.alloc(76) : readAt(file, end - 76, 76);
  if (wide.readUInt32LE(56) === 0x07064b50) {
    directoryEnd = end - 76;
    count = Number(wide.readBigUInt64LE(32));
    size = Number(wide.readBigUInt64LE(40));
    offset = Number(wide.readBigUInt64LE(48));
    const agree =
      wide.readUInt32LE(0) === 0x06064b50 &&
      Number(wide.readBigUInt64LE(4)) === 44 &&
      Number(wide.readBigUInt64LE(24)) === count &&
      Number(wide.readBigUInt64LE(56 + 8)) === directoryEnd &&
      [count, 0xffff].includes(narrow.count) &&
      [size, 0xffffffff].includes(narrow.size) &&
      [offset, 0xffffffff].includes(narrow.offset);
    if (!agree) throw new Bad({ file: 'the zip file' }, 'its ZIP64 end record is broken');
  }
  const oneDisk = record.readUInt32LE(4) === 0 && record.readUInt16LE(8) === record.readUInt16LE(10);
  if (!oneDisk || offset + size !== directoryEnd || size > maximumWholeBytes)
    throw new Bad({ file: 'the zip file' }, 'its end does not describe its directory');
  return { count, offset, size };
}

/** @param {Buffer} directory @param {number} position */
function centralHeader(directory, position) {
  if (position + 46 > directory.length || directory.readUInt32LE(position) !== 0x02014b50)
    throw new Bad({ file: 'the zip file' }, 'its directory is broken');
  const head = directory.subarray(position);
  const nameEnd = 46 + head.readUInt16LE(28);
  const extraEnd = nameEnd + head.readUInt16LE(30);
  const name = head.toString('utf8', 46, nameEnd);
  const where = { file: JSON.stringify(name) };
  if (head.readUInt16LE(32) !== 0) throw new Bad(where, 'it has a comment in the zip file');
  if (
    !/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) ||
    name.split('/').some((part) => part === '..' || part === '.')
  ) {
    throw new Bad(where, 'its name is not one that a bundle may hold');
  }
  if (head.readUInt32LE(38) >>> 28 !== 8)
    throw new Bad({ file: name }, 'it is not marked as an ordinary file');
  const sizes = {
    compressed: head.readUInt32LE(20),
    size: head.readUInt32LE(24),
    start: head.readUInt32LE(42),
  };
  const wide = wideSizes(name, sizes, head.subarray(nameEnd, extraEnd));
  return {
    name,
    flags: head.readUInt16LE(8),
    method: head.readUInt16LE(10),
    crc: head.readUInt32LE(16),
    ...sizes,
    wide,
    next: position + extraEnd,
  };
}

/**
 * ZIP64: what does not fit into 32 bits stands in extra field 1. There is no other field: some give a file a second name.
 * @param {string} name @param {{ compressed: number, size: number, start: number }} sizes @param {Buffer} extra
 */
function wideSizes(name, sizes, extra) {
  if (extra.length === 0) return false;
  const right =
    extra.length >= 4 && extra.readUInt16LE(0) === 1 && extra.readUInt16LE(2) === extra.length - 4;
  let from = 4;
  for (const field of /** @type {const} */ (['size', 'compressed', 'start'])) {
    if (!right || sizes[field] !== 0xffffffff || from + 8 > extra.length) continue;
    sizes[field] = Number(extra.readBigUInt64LE(from));
    from += 8;
  }
  if (!right || from !== extra.length)
    throw new Bad({ file: name }, 'its header in the zip file has fields that a bundle has not');
  return true;
}

/** @param {number} file @param {ReturnType<typeof centralHeader>} head @param {number} limit where the directory begins */
function placeInZip(file, head, limit) {
  const { start, name } = head;
  if (start + 30 > limit) throw new Bad({ file: name }, 'its local header is missing');
  const local = readAt(file, start, 30);
  if (local.readUInt32LE(0) !== 0x04034b50) throw new Bad({ file: name }, 'its local header is missing');
  if ((head.flags & 1) !== 0) throw new Bad({ file: name }, 'it is encrypted');
  const from = start + 30 + local.readUInt16LE(26);
  const sums = [14, 18, 22].map((at) => local.readUInt32LE(at));
  const expected = (head.flags & 8) === 0 ? [head.crc, head.compressed, head.size] : [0, 0, 0];
  const same =
    local.readUInt16LE(6) === head.flags &&
    local.readUInt16LE(8) === head.method &&
    local.readUInt16LE(28) === 0 &&
    from <= limit &&
    readAt(file, start + 30, from - start - 30).toString('utf8') === name &&
    sums.every((sum, n) => sum === expected[n]);
  if (!same) throw new Bad({ file: name }, 'its two headers in the zip file differ');
  const to = from + head.compressed;
  if (to > limit) throw new Bad({ file: name }, 'it runs into the directory of the zip file');
  // Bit 3: sizes behind the data. Bit 11: names in UTF-8.
  if (head.method !== 0 || head.compressed !== head.size || (head.flags & ~0x0808) !== 0)
    throw new Bad({ file: name }, 'it is packed; a bundle stores its files as they are');
  return { from, end: to + descriptorLength(file, head, to, limit) };
}

/** A data descriptor may follow the data: 16 bytes, or 24 with ZIP64. @param {number} file @param {ReturnType<typeof centralHeader>} head @param {number} at @param {number} limit */
function descriptorLength(file, head, at, limit) {
  if ((head.flags & 8) === 0) return 0;
  const length = head.wide ? 24 : 16;
  const bytes = at + length > limit ? Buffer.alloc(length) : readAt(file, at, length);
  const sizes = head.wide
    ? [8, 16].map((from) => Number(bytes.readBigUInt64LE(from)))
    : [8, 12].map((from) => bytes.readUInt32LE(from));
  const right =
    bytes.readUInt32LE(0) === 0x08074b50 &&
    bytes.readUInt32LE(4) === head.crc &&
    sizes[0] === head.compressed &&
    sizes[1] === head.size;
  if (!right) throw new Bad({ file: head.name }, 'its data descriptor is broken');
  return length;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** @param {number} value of what came before, from 0xffffffff @param {Buffer} bytes */
function crc32(value, bytes) {
  for (let n = 0; n < bytes.length; n += 1)
    value = (value >>> 8) ^ Number(crcTable[(value ^ Number(bytes[n])) & 0xff]);
  return value;
}

// ---------------------------------------------------------------------------------------------- keys and signatures

/** @param {readonly Buffer[]} bytes */
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
  return id.toString('hex') === match?.[2] ? { name, id, publicKey: blob.subarray(1), line } : null;
}

/** @param {string} name @param {Buffer} publicKey @returns {Key} */
function keyOf(name, publicKey) {
  const blob = Buffer.concat([Buffer.of(1), publicKey]);
  const id = sha256(Buffer.from(`${name}\n`), blob).subarray(0, 4);
  return { name, id, publicKey, line: `${name}+${id.toString('hex')}+${blob.toString('base64')}` };
}

/** Keys that signed before this one, oldest first: believed only when the entries say the same. @param {Members} members */
function earlierKeys(members) {
  const file = 'keys/earlier.vkeys';
  if (!members.has(file)) return [];
  const lines = textOf(members, file).split('\n');
  if (lines.pop() !== '') throw new Bad({ file }, 'its last line is cut off');
  if (lines.length === 0) throw new Bad({ file }, 'it lists no key');
  return lines.map((line) => {
    const key = parseKey(line);
    if (key === null) throw new Bad({ file }, 'it is not a list of verifier keys');
    return key;
  });
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

/** C2SP signed-note and tlog-checkpoint. @param {string} note @param {readonly Key[]} keys one of which signed it @param {string} file @returns {Checkpoint} */
function openCheckpoint(note, keys, file) {
  const match =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— ([^ \n]+) ([A-Za-z0-9+/=]+)\n$/u.exec(note);
  const root = base64(match?.[3] ?? '');
  const blob = base64(match?.[5] ?? '');
  if (match === null || root === null || blob === null) throw new Bad({ file }, 'it is not a checkpoint');
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const signer = keys.find(
    ({ name, id, publicKey }) =>
      match[4] === name &&
      blob.subarray(0, 4).equals(id) &&
      isSignedBy(Buffer.from(body), blob.subarray(4), publicKey),
  );
  if (signer === undefined)
    throw new Bad(
      { file },
      keys.length > 1
        ? 'its signature is not one of the keys in keys/'
        : 'its signature is not one of the key in keys/log.vkey',
    );
  return { origin: String(match[1]), size: Number(match[2]), root, note, signer };
}

// ---------------------------------------------------------------------------------------------- tree

/** @param {Buffer} leaf */
const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
/** @param {Buffer} left @param {Buffer} right */
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** @param {Hashes} hashes */
const countOf = (hashes) => hashes.length / 32;
/** @param {Hashes} hashes @param {number} index */
const hashAt = (hashes, index) => hashes.subarray(index * 32, index * 32 + 32);

/** RFC 6962 roots of the trees of these sizes, in one pass. @param {Hashes} hashes @param {readonly number[]} sizes @returns {Map<number, Buffer>} without those that are larger than the tree */
function rootsOf(hashes, sizes) {
  const wanted = new Set(sizes);
  /** @type {Map<number, Buffer>} */
  const roots = new Map(wanted.has(0) ? [[0, sha256()]] : []);
  /** @type {{ level: number, hash: Buffer }[]} */
  const stack = [];
  for (let index = 0; index < countOf(hashes); index += 1) {
    let node = { level: 0, hash: hashAt(hashes, index) };
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

/** @param {Hashes} hashes */
const rootOf = (hashes) => /** @type {Buffer} */ (rootsOf(hashes, [countOf(hashes)]).get(countOf(hashes)));

/** The hashes of the leaves. @param {Member} events @returns {Hashes} */
function leafHashes(events) {
  let hashes = Buffer.alloc(2 ** 15);
  let end = 0;
  for (const line of linesOf(events)) {
    if (end === hashes.length) hashes = Buffer.concat([hashes, Buffer.alloc(hashes.length)]);
    leafHash(line).copy(hashes, end);
    end += 32;
  }
  return hashes.subarray(0, end);
}

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

/** The hashes that the level-0 tiles hold, or null where one is missing. @param {Members} members @param {number} size @returns {Hashes | null} */
function tileHashes(members, size) {
  /** @type {Buffer[]} */
  const tiles = [];
  for (const { index, width } of tileRanges(size)) {
    // A checkpoint may claim any size: the first tile that is not there ends it.
    const member = members.get(tileName(0, index, width));
    if (member?.place.size !== width * 32) return null;
    tiles.push(bytesOf(member));
  }
  return Buffer.concat(tiles);
}

/** Every tile holds what the leaves make, and there is no other. @param {Members} members @param {Hashes} leaves */
function checkTiles(members, leaves) {
  const expected = new Set();
  let hashes = leaves;
  for (let level = 0; hashes.length > 0; level += 1) {
    /** @type {Buffer[]} */
    const above = [];
    for (const { index, width } of tileRanges(countOf(hashes))) {
      const name = tileName(level, index, width);
      expected.add(name);
      const from = index * tileWidth * 32;
      const tile = hashes.subarray(from, from + width * 32);
      if (!holds(members.get(name), [tile]))
        throw new Bad({ file: name }, 'it does not hold the hashes of the entries');
      if (width === tileWidth) above.push(rootOf(tile));
    }
    hashes = Buffer.concat(above);
  }
  const lines = linesOf(memberOf(members, 'events.jsonl'));
  for (const { index, width } of tileRanges(countOf(leaves))) {
    const name = tileName('entries', index, width);
    expected.add(name);
    /** @type {Buffer[]} */
    const entries = [];
    for (let n = 0; n < width; n += 1) {
      const leaf = lines.next().value ?? Buffer.alloc(0);
      entries.push(Buffer.of(leaf.length >> 8, leaf.length & 0xff), leaf);
    }
    if (!holds(members.get(name), entries))
      throw new Bad({ file: name }, 'it does not hold the entries of events.jsonl');
  }
  for (const name of members.keys()) {
    if (name.startsWith('log/tile/') && !expected.has(name))
      throw new Bad({ file: name }, 'no tile of this tree has this name');
  }
}

// ---------------------------------------------------------------------------------------------- entries

/** Without their newlines. @param {Member} member @returns {Generator<Buffer, undefined>} */
function* linesOf({ name, place }) {
  /** @type {Buffer[]} */
  let begun = [];
  for (const chunk of chunksOf(place)) {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      const part = chunk.subarray(from, to);
      yield begun.length === 0 ? part : Buffer.concat([...begun, part]);
      begun = [];
      from = to + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) throw new Bad({ file: name }, 'its last line is cut off');
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

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param {Buffer} bytes @returns {any} undefined unless it is canonical JSON */
function parseCanonical(bytes) {
  try {
    const text = strictUtf8.decode(bytes);
    const value = JSON.parse(text);
    return canonical(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The leaves against the signed tree. A wrong leaf is named by its index where the tiles still carry the signed hashes;
 * else by the smallest range between two signed checkpoints.
 * @param {Members} members @param {Checkpoint} checkpoint @param {readonly Checkpoint[]} earlier @returns {Hashes}
 */
function checkTree(members, checkpoint, earlier) {
  const events = memberOf(members, 'events.jsonl');
  const hashes = leafHashes(events);
  const { size, root } = checkpoint;
  const count = countOf(hashes);
  if (count === size && rootOf(hashes).equals(root)) return hashes;
  if (count > size && rootsOf(hashes, [size]).get(size)?.equals(root) === true) {
    throw new Bad({ entry: size, file: 'events.jsonl' }, describeBadLeaf(events, size, size));
  }
  const signed = tileHashes(members, size);
  if (signed !== null && rootOf(signed).equals(root)) {
    let entry = 0;
    while (entry < Math.min(count, size) && hashAt(hashes, entry).equals(hashAt(signed, entry))) entry += 1;
    throw new Bad({ entry, file: 'events.jsonl' }, describeBadLeaf(events, entry, size));
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

/** @param {Member} events @param {number} entry @param {number} size */
function describeBadLeaf(events, entry, size) {
  let line;
  let index = 0;
  for (const candidate of linesOf(events)) {
    if (index === entry) line = candidate;
    index += 1;
  }
  if (line === undefined) return `it is missing: the signed tree has ${size} entries`;
  if (entry >= size) return `it was added: the signed tree has ${size} entries`;
  const parsed = parseCanonical(line);
  const seq = parsed?.seq;
  return typeof seq === 'number' && seq !== entry
    ? `entry ${seq} stands in its place`
    : 'it is not the entry that was signed';
}

/** @param {Hashes} leaves @param {Checkpoint} checkpoint @param {readonly Checkpoint[]} earlier */
function checkPrefixes(leaves, checkpoint, earlier) {
  const file = 'checkpoints.txt';
  const roots = rootsOf(
    leaves,
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

/** @param {string} text @param {readonly Key[]} keys */
function earlierCheckpoints(text, keys) {
  const notes = text.split('----\n');
  if (notes.pop() !== '') throw new Bad({ file: 'checkpoints.txt' }, 'its last line is cut off');
  return notes.map((note) => openCheckpoint(note, keys, 'checkpoints.txt'));
}

/** @param {Member} member @param {string} origin */
function checkEvents(member, origin) {
  /** @type {Map<string, { entry: number, closed: boolean }>} */
  const turns = new Map();
  /** @type {number[]} */
  const restored = [];
  /** @type {Event[]} */
  const rotations = [];
  /** @type {Event | undefined} */
  let first;
  /** @type {Event | undefined} */
  let last;
  let index = 0;
  for (const bytes of linesOf(member)) {
    const where = { entry: index, file: member.name };
    const event = bytes.length > maximumLeafBytes ? undefined : parseCanonical(bytes);
    if (event === undefined) throw new Bad(where, 'it is not canonical JSON, or too long');
    if (!isEvent(event) || event.seq !== index)
      throw new Bad(where, 'it is not an entry of this format, or does not say its own place');
    checkClock(last, event, index);
    checkTurn(turns, event, index);
    if (last?.bootId === event.bootId && event.monotonicMs < last.monotonicMs) restored.push(index);
    if (event.event === 'log.key-rotated') rotations.push(event);
    first ??= event;
    last = event;
    index += 1;
  }
  if (first?.event !== 'log.created' || first.data['origin'] !== origin)
    throw new Bad({ entry: 0, file: 'events.jsonl' }, 'it does not begin this record');
  const open = [...turns.values()].filter((turn) => !turn.closed).map((turn) => turn.entry);
  return { first, last, open, restored, rotations };
}

/** FORMAT.md, "Change of the key". @param {any} value @returns {value is Record<string, string | number>} */
function isKeyRotation(value) {
  return (
    isObject(value) &&
    Object.keys(value).length === Object.keys(rotationMembers).length &&
    Object.entries(rotationMembers).every(([name, isRight]) => isRight(value[name]))
  );
}

/**
 * From the key that the first entry names through each change of the key to the one that signed the bundle.
 * @param {{ first: Event, rotations: readonly Event[] }} events @param {Hashes} leaves @param {Key} key @returns {KeyChange[]}
 */
function followKeys({ first, rotations }, leaves, key) {
  const roots = rootsOf(
    leaves,
    rotations.map(({ seq }) => seq),
  );
  const used = [String(first.data['logKey'])];
  const changes = rotations.map(({ seq: entry, data }) => {
    const where = { entry, file: 'events.jsonl' };
    if (!isKeyRotation(data)) throw new Bad(where, 'it is no change of the key');
    const from = keyOf(key.name, Buffer.from(String(data['oldKeyPublic']), 'base64'));
    const to = keyOf(key.name, Buffer.from(String(data['newKeyPublic']), 'base64'));
    const [oldKey, newKey] = [from, to].map(({ publicKey }) => sha256(publicKey).toString('hex'));
    if (data['oldKey'] !== used.at(-1)) throw new Bad(where, 'it changes a key that was not in use');
    if (used.includes(String(data['newKey']))) throw new Bad(where, 'it brings back a key of before');
    if (data['oldKey'] !== oldKey || data['newKey'] !== newKey)
      throw new Bad(where, 'it names a key by another hash than its own');
    if (data['size'] !== entry) throw new Bad(where, 'it changes the key at another place than its own');
    const root = roots.get(entry)?.toString('base64');
    const lines = ['cloister/1 log key rotation', key.name, entry, root, from.line, to.line];
    const statement = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const isSigned = (/** @type {string} */ name, /** @type {Key} */ { publicKey }) =>
      isSignedBy(statement, Buffer.from(String(data[name]), 'base64'), publicKey);
    if (!isSigned('oldSignature', from))
      throw new Bad(where, 'the old key did not sign this change of the key');
    if (!isSigned('newSignature', to))
      throw new Bad(where, 'the new key did not sign this change of the key');
    used.push(newKey ?? '');
    return { entry, from, to };
  });
  if (used.at(-1) !== sha256(key.publicKey).toString('hex'))
    throw new Bad(
      { entry: changes.at(-1)?.entry ?? 0, file: 'events.jsonl' },
      'it brings another key than the one that signs',
    );
  return changes;
}

/**
 * Each earlier checkpoint has the signature of the key of its time, and the list of earlier keys says what the entries say.
 * @param {readonly KeyChange[]} changes @param {readonly Key[]} listed @param {Key} key @param {readonly Checkpoint[]} earlier
 */
function checkEarlierKeys(changes, listed, key, earlier) {
  const right =
    listed.length === changes.length && changes.every(({ from }, n) => from.line === listed[n]?.line);
  if (!right)
    throw new Bad({ file: 'keys/earlier.vkeys' }, 'it does not list the earlier keys that the entries name');
  for (const { size, signer } of earlier) {
    const due = changes.find(({ entry }) => size <= entry)?.from ?? key;
    if (!signer.publicKey.equals(due.publicKey))
      throw new Bad(
        { file: 'checkpoints.txt' },
        `the checkpoint of ${size} entries is signed by a key that was not in use then`,
      );
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isOne = (/** @type {RegExp} */ pattern) => (/** @type {unknown} */ value) =>
  typeof value === 'string' && pattern.test(value);
const isOneOrNull = (/** @type {RegExp} */ pattern) => (/** @type {unknown} */ value) =>
  value === null || isOne(pattern)(value);
const isBase64 = (/** @type {number} */ length) => (/** @type {any} */ value) =>
  typeof value === 'string' && base64(value)?.length === length;
const isCount = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @param {any} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** FORMAT.md, "Leaf": all members, and no other. @type {Record<string, (value: any) => boolean>} */
const leafMembers = {
  v: (value) => value === 1,
  seq: isCount,
  event: isOne(/^[a-z]+\.[a-z-]+$/),
  at: isOne(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  monotonicMs: isCount,
  bootId: isOne(uuid),
  timeSync: isOne(/^(synchronised|not-synchronised|unknown)$/),
  actor: (value) =>
    isObject(value) &&
    Object.keys(value).length === 2 &&
    isOneOrNull(uuid)(value.id) &&
    isOne(/^[a-z-]+$/)(value.role),
  session: isOneOrNull(uuid),
  device: isOne(uuid),
  patient: isOneOrNull(/^[0-9a-f]{32}$/),
  outcome: isOne(/^(success|stopped|refused|failed|attention)$/),
  app: isOne(/^[0-9A-Za-z.+-]{1,40}$/),
  texts: (value) => isObject(value) && Object.values(value).every(isOne(/^[0-9a-f]{64}$/)),
  data: isObject,
};

/** @type {Record<string, (value: any) => boolean>} */
const rotationMembers = {
  oldKey: isOne(/^[0-9a-f]{64}$/),
  oldKeyPublic: isBase64(32),
  newKey: isOne(/^[0-9a-f]{64}$/),
  newKeyPublic: isBase64(32),
  size: isCount,
  oldSignature: isBase64(64),
  newSignature: isBase64(64),
};

/** @param {any} value @returns {value is Event} */
function isEvent(value) {
  return (
    isObject(value) &&
    Object.keys(value).length === Object.keys(leafMembers).length &&
    Object.entries(leafMembers).every(([name, isRight]) => isRight(value[name]))
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

/** One text for each commitment, in the order of the entries and then of the fields. @param {Members} members */
function checkPayloads(members) {
  const member = members.get('payloads.jsonl');
  if (member === undefined) return null;
  const lines = linesOf(member);
  const file = (/** @type {number} */ line) => `payloads.jsonl line ${line + 1}`;
  let line = 0;
  let entry = 0;
  for (const leaf of linesOf(memberOf(members, 'events.jsonl'))) {
    /** @type {Event} */
    const event = JSON.parse(leaf.toString('utf8'));
    for (const expected of Object.keys(event.texts).toSorted(byCodeUnit)) {
      const content = lines.next().value;
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
    entry += 1;
  }
  if (lines.next().done !== true) throw new Bad({ file: file(line) }, 'no entry commits to it');
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
  const lines = textOf(members, 'SHA256SUMS').split('\n');
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
  return [...sums]
    .filter(([name, sum]) => members.get(name)?.sum !== sum)
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
  const bytes = bytesOf(memberOf(members, file));
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
 * @param {Members} members @param {string | null} pinned a `log.vkey` line or a fingerprint
 */
function verifyBundle(members, pinned) {
  for (const name of [...required, ...unlisted]) memberOf(members, name);
  const text = (/** @type {string} */ name) => textOf(members, name);
  const vkey = text('keys/log.vkey').replace(/\n$/, '');
  const key = parseKey(vkey);
  if (key === null) throw new Bad({ file: 'keys/log.vkey' }, 'it is not a verifier key');
  const listed = earlierKeys(members);
  const held = [key, ...listed].find(
    ({ publicKey, line }) => pinned === fingerprint(publicKey) || pinned === line,
  );
  if (pinned !== null && held === undefined) {
    throw new Bad(
      { file: 'keys/log.vkey' },
      `it is not the key that you gave; its fingerprint is ${fingerprint(key.publicKey)}`,
    );
  }
  const checkpoint = openCheckpoint(text('log/checkpoint'), [key], 'log/checkpoint');
  const earlier = earlierCheckpoints(text('checkpoints.txt'), [key, ...listed]);
  const leaves = checkTree(members, checkpoint, earlier);
  checkPrefixes(leaves, checkpoint, earlier);
  const events = checkEvents(memberOf(members, 'events.jsonl'), checkpoint.origin);
  const changes = followKeys(events, leaves, key);
  checkEarlierKeys(changes, listed, key, earlier);
  const payloads = checkPayloads(members);
  checkTiles(members, leaves);
  const sums = bytesOf(memberOf(members, 'SHA256SUMS'));
  checkSshSignature(text('SHA256SUMS.sshsig'), sums, key.publicKey);
  checkSums(members);
  const damaged = [...members.values()].find((member) => !member.intact);
  if (damaged !== undefined) throw new Bad({ file: damaged.name }, 'its checksum in the zip file is wrong');
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
    heldKey: held === undefined ? null : fingerprint(held.publicKey),
    keyChanges: changes.map(({ entry, from, to }) => ({
      entry,
      from: fingerprint(from.publicKey),
      to: fingerprint(to.publicKey),
    })),
    clinicalText: manifest.clinicalText,
    flavour: manifest.flavour,
    payloads,
    earlierCheckpoints: earlier.length,
    openRequests: events.open,
    restoredAt: events.restored,
    from: events.first.at,
    to: events.last?.at,
  };
}

/** @param {ReturnType<typeof verifyBundle>} summary */
function describeTrust({ authenticated, heldKey, keyFingerprint }) {
  if (!authenticated)
    return 'consistent, NOT authenticated: no key was given, so anybody could have signed this.';
  return heldKey === keyFingerprint
    ? 'AUTHENTICATED: signed by the key you gave.'
    : 'AUTHENTICATED: signed by a key that the key you gave leads to.';
}

/** @param {string} from @param {string} to @param {string | null} held fingerprints */
function describeChange(from, to, held) {
  if (from === held) return 'it was signed by the key that you hold';
  return to === held ? 'to the key that you hold' : 'it was signed by both keys';
}

/** @param {ReturnType<typeof verifyBundle>} summary */
function describe(summary) {
  return [
    describeTrust(summary),
    `  record       ${summary.origin}`,
    `  entries      ${summary.treeSize}, from ${summary.from} to ${summary.to}`,
    `  fingerprint  ${summary.keyFingerprint}`,
    ...summary.keyChanges.map(
      ({ entry, from, to }) =>
        `  key          the key changed at entry ${entry}; ${describeChange(from, to, summary.heldKey)}`,
    ),
    `  root         ${summary.rootHash}`,
    `  text         ${summary.payloads === null ? 'withheld' : `included, ${summary.payloads} texts match their commitments`}`,
    `  checkpoints  ${summary.earlierCheckpoints} earlier, each a prefix of this record`,
    ...(summary.flavour === 'development'
      ? ['  made by      a DEVELOPMENT build, with made-up patients']
      : []),
    ...(summary.openRequests.length > 0
      ? [`  note         requests without an outcome at entries ${summary.openRequests.join(', ')}`]
      : []),
    ...(summary.restoredAt.length > 0
      ? [
          `  note         time since start-up fell at entries ${summary.restoredAt.join(', ')}: was the machine set back to an earlier state?`,
        ]
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
    const members = readMembers(path);
    remark = sumsRemark(members);
    const summary = verifyBundle(members, pinned);
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
