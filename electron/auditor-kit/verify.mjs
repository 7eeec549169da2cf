#!/usr/bin/env node
/**
 * Checks a Cloister audit bundle with nothing but Node 20 or newer. It shares no code with the app: everything below is
 * written from the public formats (RFC 6962 hashing, C2SP signed-note, tlog-checkpoint and tlog-tiles, OpenSSH SSHSIG,
 * RFC 8785 canonical JSON) and electron/vault/log/FORMAT.md.
 *
 *   node verify.mjs BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]
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
/** Objects and lists in one another. A leaf has three; what is deeper could make one verifier give up and not another. */
const maximumDepth = 100;
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
  'events.jsonl',
];
/** What the auditor's own file is called in an answer. */
const keptName = 'the checkpoint that you gave';
/** What one of the two kinds of bundle must have, and the other must not. */
const requiredOf = { full: 'checkpoints.txt', extract: 'proofs.txt' };
const consistencyName = 'consistency.txt';
/** Lines of a proof: a tree of 2^53 leaves has 53 levels; the checkpoint has 5 lines. */
const maximumProofLines = 64;

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
/** @typedef {{ seq: number, event: string, at: string, monotonicMs: number, bootId: string, actor: { id: string | null, role: string }, patient: string | null, texts: Record<string, string>, data: Record<string, unknown> }} Event */
/** @typedef {{ by: 'entries', from: number, to: number } | { by: 'time', from: string, to: string } | { by: 'patient', patient: string } | { by: 'user', user: string }} Selection */
/** @typedef {{ members: Members, key: Key, held: Key | undefined, pinned: string | null, checkpoint: Checkpoint, kept: Checkpoint | null }} Opened the bundle, once its newest checkpoint is known to be the key's */

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
    if (!isMemberName(name))
      throw new Bad({ file: JSON.stringify(name) }, 'its name is not one that a bundle may hold');
    return [name];
  });
}

/** @param {string} name */
function isMemberName(name) {
  return (
    /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) &&
    name.split('/').every((part) => part !== '..' && part !== '.')
  );
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
  // Only ASCII is allowed: this way every verifier shows the other bytes as the same characters.
  const name = head.toString('latin1', 46, nameEnd);
  const where = { file: JSON.stringify(name) };
  if (head.readUInt16LE(32) !== 0) throw new Bad(where, 'it has a comment in the zip file');
  if (!isMemberName(name)) throw new Bad(where, 'its name is not one that a bundle may hold');
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
    readAt(file, start + 30, from - start - 30).toString('latin1') === name &&
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
  const match = /^([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line);
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

/** C2SP signed-note and tlog-checkpoint; who signed it is not looked at. @param {string} note @param {string} file */
function readCheckpoint(note, file) {
  const match =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— ([^ \n]+) ([A-Za-z0-9+/=]+)\n$/u.exec(note);
  const root = base64(match?.[3] ?? '');
  const blob = base64(match?.[5] ?? '');
  if (match === null || root === null || blob === null) throw new Bad({ file }, 'it is not a checkpoint');
  return { origin: String(match[1]), size: Number(match[2]), root, note, name: String(match[4]), blob };
}

/** @param {string} note @param {readonly Key[]} keys one of which signed it @param {string} file @returns {Checkpoint} */
function openCheckpoint(note, keys, file) {
  const { name: signerName, blob, ...read } = readCheckpoint(note, file);
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const signer = keys.find(
    ({ name, id, publicKey }) =>
      signerName === name &&
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
  return { ...read, signer };
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
function canonical(value, depth = 1) {
  if (typeof value === 'string' && Buffer.from(value).toString() !== value)
    throw new RangeError('a lone surrogate');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (depth > maximumDepth) throw new RangeError('too deep');
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  const object = /** @type {Record<string, unknown>} */ (value);
  return `{${Object.keys(object)
    .toSorted(byCodeUnit)
    .map((key) => `${canonical(key)}:${canonical(object[key], depth + 1)}`)
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

/** @param {Buffer} bytes of the leaf @param {number} index @returns {Event} */
function parseEvent(bytes, index) {
  const where = { entry: index, file: 'events.jsonl' };
  const event = bytes.length > maximumLeafBytes ? undefined : parseCanonical(bytes);
  if (event === undefined) throw new Bad(where, 'it is not canonical JSON, or too long');
  if (!isEvent(event) || event.seq !== index)
    throw new Bad(where, 'it is not an entry of this format, or does not say its own place');
  return event;
}

/** @param {Member} member @param {string} origin */
function checkEvents(member, origin) {
  /** @type {Map<string, { entry: number, closed: boolean }>} */
  const turns = new Map();
  /** @type {number[]} */
  const restored = [];
  /** @type {Event[]} */
  const rotations = [];
  /** @type {number[]} */
  const emergencies = [];
  /** @type {Event[]} */
  const retentions = [];
  let solePractitioner = false;
  /** @type {Event | undefined} */
  let first;
  /** @type {Event | undefined} */
  let last;
  let index = 0;
  for (const bytes of linesOf(member)) {
    const event = parseEvent(bytes, index);
    checkEvent(event, index);
    checkClock(last, event, index);
    checkTurn(turns, event, index);
    if (last?.bootId === event.bootId && event.monotonicMs < last.monotonicMs) restored.push(index);
    if (event.event === 'log.key-rotated') rotations.push(event);
    if (event.event === 'record.break-glass') emergencies.push(index);
    if (event.event === 'retention.applied') retentions.push(event);
    if (isSoleAccount(event)) solePractitioner = true;
    first ??= event;
    last = event;
    index += 1;
  }
  if (first === undefined || !isBeginning(first, origin))
    throw new Bad({ entry: 0, file: 'events.jsonl' }, 'it does not begin this record');
  const open = [...turns.values()].filter((turn) => !turn.closed).map((turn) => turn.entry);
  return { first, last, open, restored, rotations, emergencies, retentions, solePractitioner };
}

/** The number at the end of an origin. @param {unknown} origin */
const epochOf = (origin) => Number(String(origin).split('/').at(-1));

/** @param {Event} first @param {string} origin */
function isBeginning({ event, data }, origin) {
  if (data['origin'] !== origin) return false;
  if (event === 'log.created') return true;
  return event === 'log.continued' && isContinuation(data) && data['epoch'] === epochOf(origin);
}

/** FORMAT.md, "Restored on another computer". @param {any} value @returns {value is Record<string, string | number>} */
function isContinuation(value) {
  return hasExactly(continuationMembers, value) && value.epoch === epochOf(value.oldOrigin) + 1;
}

/** The last key of the record before and the first of this one signed that this one continues it. @param {Event} first */
function checkContinuation({ data }) {
  const where = { entry: 0, file: 'events.jsonl' };
  const from = keyOf(String(data['oldOrigin']), Buffer.from(String(data['oldKeyPublic']), 'base64'));
  const to = keyOf(String(data['origin']), Buffer.from(String(data['newKeyPublic']), 'base64'));
  if (data['logKey'] !== sha256(to.publicKey).toString('hex') || from.publicKey.equals(to.publicKey))
    throw new Bad(where, 'it names a key that it does not bring');
  const root = Buffer.from(String(data['oldRoot']), 'hex').toString('base64');
  const lines = ['cloister/1 log continued', from.name, Number(data['oldSize']), root, from.line, to.line];
  const statement = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const isSigned = (/** @type {string} */ name, /** @type {Key} */ { publicKey }) =>
    isSignedBy(statement, Buffer.from(String(data[name]), 'base64'), publicKey);
  if (!isSigned('oldSignature', from))
    throw new Bad(where, 'the key of the record before did not sign that it is continued here');
  if (!isSigned('newSignature', to))
    throw new Bad(where, 'the key of this record did not sign what it continues');
}

/** FORMAT.md, "Change of the key". @param {any} value @returns {value is Record<string, string | number>} */
function isKeyRotation(value) {
  return hasExactly(rotationMembers, value);
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
  const used = [first.data['logKey']];
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
    used.push(newKey);
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
const isTime = isOne(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const isCount = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @param {any} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** FORMAT.md, "Leaf": all members, and no other. @type {Record<string, (value: any) => boolean>} */
const leafMembers = {
  v: (value) => value === 1,
  seq: isCount,
  event: isOne(/^[a-z]+\.[a-z-]+$/),
  at: isTime,
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

/** FORMAT.md, "Events": these and no other. */
const knownEvents = new Set([
  'log.created',
  'log.continued',
  'log.key-rotated',
  'recovery.proven',
  'recovery.used',
  'user.created',
  'user.renamed',
  'user.disabled',
  'user.code-issued',
  'user.passphrase-set',
  'user.passphrase-forced',
  'second-factor.enrolled',
  'second-factor.removed',
  'second-factor.code-used',
  'attempts.cleared',
  'session.signed-in',
  'session.signed-out',
  'session.locked',
  'session.sign-in-failed',
  'session.locked-out',
  'command.signed-in',
  'command.signed-out',
  'model.loaded',
  'model.refused',
  'document.opened',
  'prompt.submitted',
  'response.completed',
  'response.aborted',
  'response.refused',
  'response.failed',
  'clipboard.copied',
  'note.accepted',
  'record.break-glass',
  'record.corrected',
  'document.printed',
  'answer.reported',
  'source.evaluated',
  'source.evaluation-ended',
  'answer.replayed',
  'model.imported',
  'model.chosen',
  'model.removed',
  'disclosure.made',
  'baa.changed',
  'log.viewed',
  'log.searched',
  'record.reviewed',
  'log.verified',
  'log.exported',
  'retention.applied',
  'backup.made',
  'installation.decommissioned',
  'log.anchored',
  'log.anchor-failed',
  'log.anchor-mismatch',
  'log.spooled',
  'log.spool-failed',
  'organisation.enrolled',
  'policy.applied',
  'policy.problem',
  'keyring.refused',
  'key.rotated',
  'journal.folded',
  'clock.jumped-back',
  'process.ended',
  'network.blocked',
]);

/** Numbers, and words of printable ASCII without a space: never a text. @param {any} value @returns {boolean} */
const holdsNoText = (value) =>
  typeof value === 'string'
    ? /^[\x21-\x7e]{0,300}$/.test(value)
    : typeof value !== 'object' ||
      value === null ||
      Object.entries(value).every((member) => member.every(holdsNoText));

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

/** FORMAT.md, "Extract". @type {Record<string, Record<string, (value: any) => boolean>>} */
const selections = {
  entries: { by: isOne(/^entries$/), from: isCount, to: isCount },
  time: { by: isOne(/^time$/), from: isTime, to: isTime },
  patient: { by: isOne(/^patient$/), patient: isOne(/^[0-9a-f]{32}$/) },
  user: { by: isOne(/^user$/), user: isOne(uuid) },
};

/** @param {Record<string, (value: any) => boolean>} members @param {any} value */
function hasExactly(members, value) {
  return (
    isObject(value) &&
    Object.keys(value).length === Object.keys(members).length &&
    Object.entries(members).every(([name, isRight]) => isRight(value[name]))
  );
}

const restoredOrigin = /^cloister\.[a-z0-9.-]{3,200}\/[0-9a-f-]{36}\/(0|[1-9][0-9]{0,2})$/;

/** @type {Record<string, (value: any) => boolean>} */
const continuationMembers = {
  origin: isOne(restoredOrigin),
  logKey: isOne(/^[0-9a-f]{64}$/),
  epoch: isCount,
  oldOrigin: isOne(restoredOrigin),
  oldSize: isCount,
  oldRoot: isOne(/^[0-9a-f]{64}$/),
  oldKeyPublic: isBase64(32),
  newKeyPublic: isBase64(32),
  oldSignature: isBase64(64),
  newSignature: isBase64(64),
};

/** @param {any} value @returns {value is Event} */
const isEvent = (value) => hasExactly(leafMembers, value);

/** @param {Event} event */
const isSoleAccount = ({ event, data }) => event === 'user.created' && data['role'] === 'sole-practitioner';

/** @param {Event} event @param {number} index */
function checkEvent({ event, data, at }, index) {
  const place = { entry: index, file: 'events.jsonl' };
  if (!knownEvents.has(event))
    throw new Bad(place, 'its event is none that this version of the format knows');
  if (!holdsNoText(data)) throw new Bad(place, 'its data holds a text');
  const time = Date.parse(at);
  if (Number.isNaN(time) || new Date(time).toISOString() !== at) throw new Bad(place, 'its time is not one');
}

/** @param {Event | undefined} before @param {Event} event @param {number} index */
function checkClock(before, event, index) {
  const at = Date.parse(event.at);
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
  const where = { entry: index, file: 'events.jsonl' };
  const isRequest = event.event === 'prompt.submitted';
  if (!isRequest && !event.event.startsWith('response.')) return;
  const turn = String(event.data['turn']);
  if (event.data['turn'] !== turn || !uuid.test(turn))
    throw new Bad(where, 'it does not say which request it is about');
  const known = turns.get(turn);
  if (isRequest) {
    if (known !== undefined) throw new Bad(where, 'it uses the number of an earlier request');
    turns.set(turn, { entry: index, closed: false });
  } else {
    if (known === undefined || known.closed || known.entry !== event.data['intent'])
      throw new Bad(where, 'it does not answer an open request');
    known.closed = true;
  }
}

/** @param {any} value @returns {value is { index: number, field: string, salt: string, text: string }} */
function isPayload(value) {
  return (
    isObject(value) &&
    Object.keys(value).length === 4 &&
    isCount(value.index) &&
    [value.field, value.salt, value.text].every((part) => typeof part === 'string')
  );
}

/** Six years of 365 days: no text is deleted before. */
const shortestKeptMs = 6 * 365 * 24 * 3_600_000;

/** @param {readonly Event[]} steps leaves `retention.applied` @returns {(event: Event) => boolean} */
const coveredBy = (steps) => (event) =>
  steps.some(
    ({ seq, at, data }) =>
      event.seq < seq &&
      event.seq < Number(isCount(data['to']) ? data['to'] : 0) &&
      Date.parse(at) - Date.parse(event.at) >= shortestKeptMs,
  );

/**
 * One text for each commitment, in the order of the entries and then of the fields, but for what `mayLack` lets pass.
 * @param {Members} members @param {(event: Event) => boolean} mayLack
 */
function checkPayloads(members, mayLack) {
  const member = members.get('payloads.jsonl');
  if (member === undefined) return null;
  const lines = linesOf(member);
  const file = (/** @type {number} */ line) => `payloads.jsonl line ${line + 1}`;
  let line = 0;
  let deleted = 0;
  let content = lines.next().value;
  /** @type {any} */
  let payload;
  for (const leaf of linesOf(memberOf(members, 'events.jsonl'))) {
    /** @type {Event} */
    const event = JSON.parse(leaf.toString('utf8'));
    const entry = event.seq;
    for (const expected of Object.keys(event.texts).toSorted(byCodeUnit)) {
      if (content === undefined) {
        if (!mayLack(event)) throw new Bad({ entry, file: file(line) }, `its text "${expected}" is missing`);
        deleted += 1;
        continue;
      }
      payload ??= parseCanonical(content);
      if (!isPayload(payload)) throw new Bad({ file: file(line) }, 'it is not a payload');
      const { index, field, salt, text } = payload;
      const where = { entry: Math.min(index, entry), file: file(line) };
      if (index !== entry || field !== expected) {
        const isLater = index > entry || (index === entry && byCodeUnit(field, expected) > 0);
        if (!isLater || !mayLack(event))
          throw new Bad(where, `the text "${expected}" of entry ${entry} should stand here`);
        deleted += 1;
        continue;
      }
      const salted = base64(salt);
      const commitment =
        salted?.length === 32 ? sha256(Buffer.of(0x10), salted, Buffer.from(text)).toString('hex') : null;
      if (event.texts[field] !== commitment)
        throw new Bad(where, `the text "${field}" is not the one that the entry commits to`);
      line += 1;
      content = lines.next().value;
      payload = undefined;
    }
  }
  if (content !== undefined) throw new Bad({ file: file(line) }, 'no entry commits to it');
  return { included: line, deleted };
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

/** Entries with emergency access that the bundle before did not hold. @param {ReturnType<typeof checkEvents>} events @param {readonly Checkpoint[]} earlier */
function newEmergencies({ emergencies }, earlier) {
  return emergencies.filter((entry) => entry >= (earlier.at(-1)?.size ?? 0));
}

/** @param {Members} members @returns {any} undefined unless it is canonical JSON and a newline */
function readManifest(members) {
  const bytes = bytesOf(memberOf(members, 'manifest.json'));
  return bytes.at(-1) === 10 ? parseCanonical(bytes.subarray(0, -1)) : undefined;
}

/** What is not an extract is checked as a full bundle, which asks for more. @param {Members} members @returns {'full' | 'extract'} */
function kindOf(members) {
  return members.has('manifest.json') && readManifest(members)?.kind === 'extract' ? 'extract' : 'full';
}

/** @param {Opened} opened @param {Record<string, unknown>} facts of this kind of bundle */
function checkManifest({ members, key, checkpoint }, facts) {
  const file = 'manifest.json';
  const manifest = readManifest(members);
  if (manifest?.format !== 'cloister-audit-bundle/1')
    throw new Bad({ file }, 'it is not the manifest of a bundle that this verifier knows');
  for (const [name, value] of Object.entries({
    origin: checkpoint.origin,
    treeSize: checkpoint.size,
    ...facts,
  })) {
    if (canonical(manifest[name]) !== canonical(value))
      throw new Bad({ file }, `what it says of "${name}" is not so`);
  }
  if (key.name !== checkpoint.origin)
    throw new Bad({ file: 'keys/log.vkey' }, 'it is the key of another record');
  if ((manifest.clinicalText === 'included') !== members.has('payloads.jsonl'))
    throw new Bad({ file }, 'what it says of the clinical text is not so');
  return manifest;
}

/** @param {Members} members @param {Key} key */
function checkSignedFiles(members, key) {
  const sums = bytesOf(memberOf(members, 'SHA256SUMS'));
  checkSshSignature(textOf(members, 'SHA256SUMS.sshsig'), sums, key.publicKey);
  checkSums(members);
  const damaged = [...members.values()].find((member) => !member.intact);
  if (damaged !== undefined) throw new Bad({ file: damaged.name }, 'its checksum in the zip file is wrong');
  const allowed = `cloister-log namespaces="${namespace}" ssh-ed25519 ${sshKey(key.publicKey).toString('base64')}\n`;
  if (textOf(members, 'keys/allowed_signers') !== allowed)
    throw new Bad({ file: 'keys/allowed_signers' }, 'it names another key than keys/log.vkey');
  checkAuditEvents(members);
}

/** fhir/AuditEvent.ndjson: one line for each entry, in their order, which names the entry's hash. @param {Members} members */
function checkAuditEvents(members) {
  const file = 'fhir/AuditEvent.ndjson';
  const member = members.get(file);
  if (member === undefined) return;
  const lines = linesOf(member);
  let count = 0;
  for (const leaf of linesOf(memberOf(members, 'events.jsonl'))) {
    const line = lines.next().value;
    count += 1;
    const named = `{"type":"leafHash","valueString":"${leafHash(leaf).toString('hex')}"}`;
    if (line?.includes(named) !== true)
      throw new Bad({ file }, `its line ${count} is not about the entry in line ${count} of events.jsonl`);
  }
  if (lines.next().done !== true) throw new Bad({ file }, 'it has more lines than there are entries');
}

/**
 * From the most telling to the least: an entry is named before the file that it stands in, and a broken signature before
 * what the unsigned list says. Nothing of it may fail.
 * @param {Members} members
 * @param {string | null} pinned a `log.vkey` line or a fingerprint
 * @param {string | null} note a checkpoint that left the computer earlier
 */
function verifyBundle(members, pinned, note) {
  const kind = kindOf(members);
  for (const name of [...required, requiredOf[kind], ...unlisted]) memberOf(members, name);
  for (const name of members.keys()) {
    if (isOfOtherKind(name, kind))
      throw new Bad({ file: name }, kind === 'full' ? 'only an extract has it' : 'no extract has it');
  }
  const { key, listed } = keysOfRecord(members);
  const all = [key, ...listed, ...keysBefore(members)];
  const held = all.find(({ publicKey, line }) => pinned === fingerprint(publicKey) || pinned === line);
  if (pinned !== null && held === undefined) {
    throw new Bad(
      { file: 'keys/log.vkey' },
      `it is not the key that you gave; its fingerprint is ${fingerprint(key.publicKey)}`,
    );
  }
  const checkpoint = openCheckpoint(textOf(members, 'log/checkpoint'), [key], 'log/checkpoint');
  const kept = note === null ? null : openCheckpoint(note, all, keptName);
  const opened = { members, key, held, pinned, checkpoint, kept };
  return kind === 'full' ? verifyFull(opened, listed) : verifyExtract(opened);
}

/**
 * The auditor's own checkpoint of this record: what it signs must be the beginning of this one. Alone, a bundle cannot tell
 * that its record was set back or written anew by somebody with all keys.
 * @param {Pick<Opened, 'kept' | 'checkpoint'>} opened @param {(size: number) => Buffer | undefined} rootAt
 */
function checkKept({ kept, checkpoint }, rootAt) {
  if (kept === null) return;
  const { size, root } = kept;
  if (size > checkpoint.size)
    throw new Bad(
      { file: keptName },
      `it is of ${size} entries, and this bundle is of ${checkpoint.size}: the record was set back, or the bundle is older`,
    );
  if (rootAt(size)?.equals(root) !== true)
    throw new Bad(
      { file: keptName, range: [0, size - 1] },
      `the record of ${size} entries that it signs is not part of this one`,
    );
}

/** @param {string} name @param {'full' | 'extract'} kind */
function isOfOtherKind(name, kind) {
  if (kind === 'full') return name === requiredOf.extract || name === consistencyName;
  return (
    name === requiredOf.full ||
    name === 'keys/earlier.vkeys' ||
    name.startsWith('log/tile/') ||
    name.startsWith('earlier/')
  );
}

/** One record, of the bundle itself or in a folder of `earlier/`. @param {Members} members @param {Key} key @param {readonly Key[]} listed keys of before @param {Checkpoint} checkpoint @param {Checkpoint | null} note the auditor's own, of whichever record */
function verifyRecord(members, key, listed, checkpoint, note) {
  const earlier = earlierCheckpoints(textOf(members, 'checkpoints.txt'), [key, ...listed]);
  const leaves = checkTree(members, checkpoint, earlier);
  checkPrefixes(leaves, checkpoint, earlier);
  const kept = [key, ...listed].some(({ line }) => line === note?.signer.line) ? note : null;
  checkKept({ kept, checkpoint }, (size) => rootsOf(leaves, [size]).get(size));
  const events = checkEvents(memberOf(members, 'events.jsonl'), checkpoint.origin);
  if (events.first.event === 'log.continued') checkContinuation(events.first);
  const changes = followKeys(events, leaves, key);
  checkEarlierKeys(changes, listed, key, earlier);
  const payloads = checkPayloads(members, coveredBy(events.retentions));
  checkTiles(members, leaves);
  return { key, checkpoint, earlier, events, payloads, changes: changes.map(describedChange) };
}

/** @param {KeyChange} change */
const describedChange = ({ entry, from, to }) => ({
  entry,
  from: fingerprint(from.publicKey),
  to: fingerprint(to.publicKey),
});

/** @param {Opened} opened @param {readonly Key[]} listed keys of before */
function verifyFull(opened, listed) {
  const { members, key, checkpoint } = opened;
  const record = verifyRecord(members, key, listed, checkpoint, opened.kept);
  const { events, earlier, payloads, changes } = record;
  const continued = verifyContinued(members, record, opened.kept);
  checkSignedFiles(members, key);
  const fresh = newEmergencies(events, earlier);
  const manifest = checkManifest(opened, {
    kind: 'full',
    range: { from: 0, to: checkpoint.size - 1 },
    previousCheckpoint: earlier.at(-1)?.note ?? null,
    emergencyAccess: { total: events.emergencies.length, sincePrevious: fresh.length },
    solePractitioner: [record, ...continued].some((each) => each.events.solePractitioner),
  });
  return {
    kind: 'full',
    ...summaryOf(opened, manifest, payloads, events),
    keyChanges: changes,
    continues: continued.map((each) => ({
      origin: each.checkpoint.origin,
      treeSize: each.checkpoint.size,
      rootHash: each.checkpoint.root.toString('hex'),
      keyFingerprint: fingerprint(each.key.publicKey),
      keyChanges: each.changes,
      emergencyAccess: each.events.emergencies,
      openRequests: each.events.open,
      restoredAt: each.events.restored,
    })),
    earlierCheckpoints: earlier.length,
    newEmergencyAccess: fresh,
    openRequests: events.open,
    restoredAt: events.restored,
  };
}

// ---------------------------------------------------------------------------------------------- earlier records

const continuedFiles = new Set([
  'keys/log.vkey',
  'keys/earlier.vkeys',
  'log/checkpoint',
  'checkpoints.txt',
  'events.jsonl',
  'payloads.jsonl',
]);

/** The files of a folder, without its name. @param {Members} members @param {string} folder @returns {Members} */
function membersIn(members, folder) {
  const inside = [...members.values()].filter(({ name }) => name.startsWith(folder));
  return new Map(
    inside.map((member) => {
      const name = member.name.slice(folder.length);
      return [name, { ...member, name }];
    }),
  );
}

/** @template T @param {string} folder @param {() => T} check names files of that folder */
function inFolder(folder, check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof Bad && !['the bundle', keptName].includes(String(error.where.file)))
      error.where = { ...error.where, file: folder + error.where.file };
    throw error;
  }
}

/** @param {Members} members */
function keysOfRecord(members) {
  const key = parseKey(textOf(members, 'keys/log.vkey').replace(/\n$/, ''));
  if (key === null) throw new Bad({ file: 'keys/log.vkey' }, 'it is not a verifier key');
  return { key, listed: earlierKeys(members) };
}

/** The keys of the records that this one continues: believed only when all of them hold. @param {Members} members @returns {Key[]} */
function keysBefore(members) {
  /** @type {Key[]} */
  const keys = [];
  for (let epoch = 0; members.has(`earlier/${epoch}/keys/log.vkey`); epoch += 1) {
    const folder = `earlier/${epoch}/`;
    const { key, listed } = inFolder(folder, () => keysOfRecord(membersIn(members, folder)));
    keys.push(key, ...listed);
  }
  return keys;
}

/** FORMAT.md, "Restored on another computer". @param {Members} members @param {ReturnType<typeof verifyRecord>} newest @param {Checkpoint | null} kept @returns {ReturnType<typeof verifyRecord>[]} oldest first */
function verifyContinued(members, newest, kept) {
  const { first } = newest.events;
  const epochs = first.event === 'log.continued' ? Number(first.data['epoch']) : 0;
  checkContinuedNames(members, epochs);
  /** @type {ReturnType<typeof verifyRecord>[]} */
  const records = [];
  let after = newest;
  let folderAfter = '';
  for (let epoch = epochs - 1; epoch >= 0; epoch -= 1) {
    const folder = `earlier/${epoch}/`;
    const inside = membersIn(members, folder);
    const record = inFolder(folder, () => {
      const { key, listed } = keysOfRecord(inside);
      const checkpoint = openCheckpoint(textOf(inside, 'log/checkpoint'), [key], 'log/checkpoint');
      return verifyRecord(inside, key, listed, checkpoint, kept);
    });
    const { data } = after.events.first;
    const { origin, size, root } = record.checkpoint;
    const isThat =
      data['oldOrigin'] === origin &&
      data['oldSize'] === size &&
      data['oldRoot'] === root.toString('hex') &&
      data['oldKeyPublic'] === record.key.publicKey.toString('base64');
    if (!isThat || (record.events.first.event === 'log.created') !== (epoch === 0))
      throw new Bad(
        { entry: 0, file: `${folderAfter}events.jsonl` },
        `it continues another record than the one in ${folder}`,
      );
    if ((record.payloads === null) !== (newest.payloads === null))
      throw new Bad(
        { file: `${folder}payloads.jsonl` },
        'the texts of all records are in a bundle, or of none',
      );
    records.unshift(record);
    after = record;
    folderAfter = folder;
  }
  return records;
}

/** @param {Members} members @param {number} epochs as many records are continued */
function checkContinuedNames(members, epochs) {
  for (const name of members.keys()) {
    if (!name.startsWith('earlier/')) continue;
    const [, epoch, rest = ''] = /^earlier\/(0|[1-9][0-9]{0,2})\/(.+)$/.exec(name) ?? [];
    const isKnown = continuedFiles.has(rest) || rest.startsWith('log/tile/');
    if (!(Number(epoch) < epochs) || !isKnown)
      throw new Bad({ file: name }, 'it belongs to no record that this one continues');
  }
}

/** @param {Opened} opened @param {any} manifest @param {{ included: number, deleted: number } | null} payloads @param {{ first: Event, last: Event | undefined, emergencies: readonly number[] }} events */
function summaryOf(
  { checkpoint, key, held, pinned, kept },
  manifest,
  payloads,
  { first, last, emergencies },
) {
  return {
    origin: checkpoint.origin,
    treeSize: checkpoint.size,
    rootHash: checkpoint.root.toString('hex'),
    keyFingerprint: fingerprint(key.publicKey),
    authenticated: pinned !== null,
    heldKey: held === undefined ? null : fingerprint(held.publicKey),
    keptCheckpoint: kept === null ? null : kept.size,
    clinicalText: manifest.clinicalText,
    flavour: manifest.flavour,
    payloads: payloads?.included ?? null,
    deletedTexts: payloads?.deleted ?? null,
    emergencyAccess: emergencies,
    solePractitioner: manifest.solePractitioner,
    from: first.at,
    to: last?.at,
  };
}

// ---------------------------------------------------------------------------------------------- extracts

/** FORMAT.md, "Extract". @param {Opened} opened */
function verifyExtract(opened) {
  const { members, key, checkpoint, kept } = opened;
  const previous = checkConsistency(opened);
  if (kept !== null && kept.size < checkpoint.size && kept.size !== previous?.size)
    throw new Bad(
      { file: keptName },
      `an extract is compared with the checkpoint of its own ${checkpoint.size} entries, or with the one in consistency.txt, only; ask for a full bundle`,
    );
  checkKept(opened, (size) => (size === previous?.size ? previous.root : checkpoint.root));
  const selection = readSelection(members);
  const events = checkExtracted(opened, selection);
  const { records } = events;
  if (selection.by === 'entries' && records !== selection.to - selection.from + 1)
    throw new Bad({ file: 'events.jsonl' }, 'it lacks entries of the range that was selected');
  const claimed = readManifest(members)?.deletedTexts;
  const payloads = checkPayloads(members, () => isCount(claimed) && claimed > 0);
  if (claimed !== undefined && (claimed === 0 || payloads?.deleted !== claimed))
    throw new Bad({ file: 'manifest.json' }, 'what it says of "deletedTexts" is not so');
  checkSignedFiles(members, key);
  const manifest = checkManifest(opened, {
    kind: 'extract',
    selection,
    records,
    previousCheckpoint: previous?.note ?? null,
  });
  // An account may have been made at an entry that is not here: then the manifest is believed.
  if (
    typeof manifest.solePractitioner !== 'boolean' ||
    (events.solePractitioner && !manifest.solePractitioner)
  )
    throw new Bad({ file: 'manifest.json' }, 'what it says of "solePractitioner" is not so');
  return { kind: 'extract', ...summaryOf(opened, manifest, payloads, events), selection, records };
}

/**
 * The checkpoint that left the computer before, whose tree is proven to be the beginning of this one. Its signature is not
 * looked at, since its key may be one of before: whoever has the earlier bundle has that checkpoint.
 * @param {Opened} opened
 */
function checkConsistency({ members, checkpoint }) {
  const file = consistencyName;
  if (!members.has(file)) return null;
  const text = textOf(members, file);
  const end = text.indexOf('----\n');
  const lines = text.slice(end + 5).split('\n');
  const hashes = lines.slice(0, -1).map((line) => base64(line));
  if (
    end < 0 ||
    lines.at(-1) !== '' ||
    lines.length > maximumProofLines ||
    hashes.some((hash) => hash?.length !== 32)
  )
    throw new Bad({ file }, 'it is not a proof');
  const { origin, size, root, note } = readCheckpoint(text.slice(0, end), file);
  const proof = hashes.filter((hash) => hash !== null);
  if (
    origin !== checkpoint.origin ||
    size < 1 ||
    size >= checkpoint.size ||
    !isBeginningOf(size, root, proof, checkpoint)
  )
    throw new Bad(
      { file },
      'it does not prove that the record of an earlier bundle is the beginning of this one',
    );
  return { size, root, note };
}

/** RFC 9162 section 2.1.4.2, the same proof as RFC 6962's. @param {number} oldSize @param {Buffer} oldRoot @param {readonly Buffer[]} hashes @param {Checkpoint} checkpoint */
function isBeginningOf(oldSize, oldRoot, hashes, { size, root }) {
  const [start, ...path] = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...hashes] : hashes;
  if (start === undefined) return false;
  let [first, second] = [oldSize - 1, size - 1];
  while (first % 2 === 1) [first, second] = [Math.floor(first / 2), Math.floor(second / 2)];
  let [oldHash, newHash] = [start, start];
  for (const sibling of path) {
    if (second === 0) return false;
    if (first % 2 === 1 || first === second) {
      [oldHash, newHash] = [nodeHash(sibling, oldHash), nodeHash(sibling, newHash)];
      while (first % 2 === 0 && first !== 0) [first, second] = [first / 2, Math.floor(second / 2)];
    } else newHash = nodeHash(newHash, sibling);
    [first, second] = [Math.floor(first / 2), Math.floor(second / 2)];
  }
  return second === 0 && oldHash.equals(oldRoot) && newHash.equals(root);
}

/** @param {Members} members @returns {Selection} */
function readSelection(members) {
  const { selection } = readManifest(members);
  const isRight = isObject(selection) ? selections[String(selection.by)] : undefined;
  if (isRight === undefined || !hasExactly(isRight, selection))
    throw new Bad({ file: 'manifest.json' }, 'it does not say what was selected');
  return selection;
}

/** @param {Selection} selection @param {Event} event */
function isSelected(selection, { seq, at, patient, actor }) {
  switch (selection.by) {
    case 'entries':
      return selection.from <= seq && seq <= selection.to;
    case 'time':
      return selection.from <= at && at < selection.to;
    case 'patient':
      return patient === selection.patient;
    case 'user':
      return actor.id === selection.user;
  }
}

/**
 * Each leaf has its proof, is an entry of this format, and was selected. What holds between neighbours in the record cannot
 * be seen here.
 * @param {Opened} opened @param {Selection} selection
 */
function checkExtracted({ members, checkpoint }, selection) {
  const note = bytesOf(memberOf(members, 'log/checkpoint'));
  const proofs = proofsOf(memberOf(members, 'proofs.txt'), note);
  /** @type {Event | undefined} */
  let first;
  /** @type {Event | undefined} */
  let last;
  /** @type {number[]} */
  const emergencies = [];
  let solePractitioner = false;
  let records = 0;
  for (const bytes of linesOf(memberOf(members, 'events.jsonl'))) {
    const proof = proofs.next().value;
    if (proof === undefined) throw new Bad({ file: 'proofs.txt' }, `it has only ${records} proofs`);
    const { index, hashes } = proof;
    if (index >= checkpoint.size || (last !== undefined && index <= last.seq))
      throw new Bad({ file: proofName(records) }, 'its entry is not in the order of the record');
    const where = { entry: index, file: 'events.jsonl' };
    if (!isIncluded(leafHash(bytes), index, hashes, checkpoint))
      throw new Bad(where, 'it is not the entry that was signed: its proof does not lead to the signed root');
    const event = parseEvent(bytes, index);
    checkEvent(event, index);
    if (!isSelected(selection, event)) throw new Bad(where, 'it is not one of those that were selected');
    if (event.event === 'record.break-glass') emergencies.push(index);
    if (isSoleAccount(event) || event.actor.role === 'sole-practitioner') solePractitioner = true;
    first ??= event;
    last = event;
    records += 1;
  }
  if (proofs.next().done !== true)
    throw new Bad({ file: proofName(records) }, 'it proves no entry that is here');
  if (first === undefined) throw new Bad({ file: 'events.jsonl' }, 'it holds no entry');
  return { first, last, emergencies, solePractitioner, records };
}

/** @param {number} before proofs before it */
const proofName = (before) => `proofs.txt proof ${before + 1}`;

/** C2SP tlog-proof, each followed by a line of dashes, all about one checkpoint. @param {Member} member @param {Buffer} note @returns {Generator<{ index: number, hashes: readonly Buffer[] }, undefined>} */
function* proofsOf(member, note) {
  /** @type {Buffer[]} */
  let lines = [];
  let count = 0;
  for (const line of linesOf(member)) {
    if (line.toString('latin1') !== '----') {
      lines.push(line);
      if (lines.length > maximumProofLines) throw new Bad({ file: proofName(count) }, 'it is not a proof');
      continue;
    }
    yield readProof(lines, note, count);
    lines = [];
    count += 1;
  }
  if (lines.length > 0) throw new Bad({ file: proofName(count) }, 'it is not a proof');
}

/** @param {readonly Buffer[]} lines @param {Buffer} note @param {number} before */
function readProof(lines, note, before) {
  const file = proofName(before);
  const [head, entry = '', ...rest] = lines.map((line) => line.toString('latin1'));
  const index = /^index (0|[1-9][0-9]{0,14})$/.exec(entry)?.[1];
  const end = rest.indexOf('');
  if (head !== 'c2sp.org/tlog-proof@v1' || index === undefined || end < 0)
    throw new Bad({ file }, 'it is not a proof');
  const hashes = rest.slice(0, end).map((line) => {
    const hash = base64(line);
    if (hash?.length !== 32) throw new Bad({ file }, 'it is not a proof');
    return hash;
  });
  const about = lines.slice(end + 3).flatMap((line) => [line, Buffer.of(10)]);
  if (!Buffer.concat(about).equals(note))
    throw new Bad({ file }, 'it is about another checkpoint than log/checkpoint');
  return { index: Number(index), hashes };
}

/** RFC 9162 section 2.1.3.2, the same proof as RFC 6962's. @param {Buffer} leaf its hash @param {number} index @param {readonly Buffer[]} hashes @param {Checkpoint} checkpoint */
function isIncluded(leaf, index, hashes, { size, root }) {
  let [position, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.equals(root);
}

// ---------------------------------------------------------------------------------------------- what is said

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

/** @param {{ keptCheckpoint: number | null }} summary */
const describeKept = ({ keptCheckpoint: size }) =>
  size === null
    ? []
    : [`  kept         the checkpoint of ${size} entries that you gave is part of this record`];
/** @param {ReturnType<typeof verifyFull>['continues'][number]} record @param {string | null} held a fingerprint */
function describeContinued({ origin, treeSize, keyFingerprint, keyChanges, emergencyAccess }, held) {
  const whose = keyFingerprint === held ? 'the key that you hold' : keyFingerprint;
  return [
    `  continues    ${origin}`,
    `               ${treeSize} entries, closed by a restore from a backup; signed by ${whose}`,
    ...keyChanges.map(
      ({ entry, from, to }) =>
        `               its key changed at entry ${entry}; ${describeChange(from, to, held)}`,
    ),
    `               access to another's records: ${emergencyAccess.length} entries`,
  ];
}

/** @param {ReturnType<typeof verifyFull>} summary */
function describeFull(summary) {
  const { emergencyAccess: all, newEmergencyAccess: fresh } = summary;
  return [
    describeTrust(summary),
    `  record       ${summary.origin}`,
    `  entries      ${summary.treeSize}, from ${summary.from} to ${summary.to}`,
    `  fingerprint  ${summary.keyFingerprint}`,
    ...describeKept(summary),
    ...summary.keyChanges.map(
      ({ entry, from, to }) =>
        `  key          the key changed at entry ${entry}; ${describeChange(from, to, summary.heldKey)}`,
    ),
    ...summary.continues.flatMap((record) => describeContinued(record, summary.heldKey)),
    ...describeContent(summary),
    `  checkpoints  ${summary.earlierCheckpoints} earlier, each a prefix of this record`,
    ...describeMaker(summary),
    `  emergency    access to another's records: ${all.length} entries, ${fresh.length} of them new${fresh.length > 0 ? ` (${fresh.join(', ')})` : ''}`,
    ...describeKeeper(summary),
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

/** @param {ReturnType<typeof verifyExtract>} summary */
function describeExtract(summary) {
  const { emergencyAccess: all, selection } = summary;
  return [
    describeTrust(summary),
    `  record       ${summary.origin}`,
    `  EXTRACT      ${summary.records} of ${summary.treeSize} entries: ${describeSelection(selection)}`,
    '  proven       each of them is in the record, at its place',
    selection.by === 'entries'
      ? '  NOT proven   what stands in the record before and after them'
      : '  NOT proven   that these are all of them: for that, ask for the full bundle',
    `  time         from ${summary.from} to ${summary.to}`,
    `  fingerprint  ${summary.keyFingerprint}`,
    ...describeKept(summary),
    ...describeContent(summary),
    ...describeMaker(summary),
    `  emergency    access to another's records: ${all.length} of these entries${all.length > 0 ? ` (${all.join(', ')})` : ''}`,
    ...describeKeeper(summary),
  ].join('\n');
}

/** @param {Selection} selection */
function describeSelection(selection) {
  switch (selection.by) {
    case 'entries':
      return `entries ${selection.from} to ${selection.to}`;
    case 'time':
      return `from ${selection.from} until ${selection.to}`;
    case 'patient':
      return `about patient ${selection.patient}`;
    case 'user':
      return `by user ${selection.user}`;
  }
}

/** @param {{ rootHash: string, payloads: number | null, deletedTexts: number | null }} summary */
const describeContent = ({ rootHash, payloads, deletedTexts }) => [
  `  root         ${rootHash}`,
  `  text         ${payloads === null ? 'withheld' : `included, ${payloads} texts match their commitments`}${
    (deletedTexts ?? 0) > 0 ? `; ${deletedTexts} were deleted after their time` : ''
  }`,
];

/** @param {{ flavour: unknown }} summary */
const describeMaker = ({ flavour }) =>
  flavour === 'development' ? ['  made by      a DEVELOPMENT build, with made-up patients'] : [];

/** @param {{ solePractitioner: boolean }} summary */
const describeKeeper = ({ solePractitioner }) =>
  solePractitioner
    ? ['  kept by      ONE PERSON who also uses it: clinician and administrator are one account']
    : [];

/** @param {ReturnType<typeof verifyBundle>} summary */
const describe = (summary) => ('records' in summary ? describeExtract(summary) : describeFull(summary));

/** @param {Bad} bad @param {string} remark */
function describeBad({ where, message }, remark) {
  const file = where.file === undefined ? '' : ` (${where.file})`;
  if (where.entry !== undefined) return `BAD at entry ${where.entry}${file}: ${message}${remark}`;
  if (where.range !== undefined)
    return `BAD between entries ${where.range[0]} and ${where.range[1]}${file}: ${message}${remark}`;
  return `BAD file ${where.file}: ${message}`;
}

/** @param {string} path @param {string | null} pinned @param {string | null} note @param {boolean} json */
function report(path, pinned, note, json) {
  let remark = '';
  try {
    const members = readMembers(path);
    remark = sumsRemark(members);
    const summary = verifyBundle(members, pinned, note);
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

/** @param {readonly string[]} words @returns {{ path: string, key: string | null, checkpoint: string | null, json: boolean } | null} */
function readWords(words) {
  /** @type {{ key: string | null, checkpoint: string | null }} */
  const files = { key: null, checkpoint: null };
  /** @type {string[]} */
  const paths = [];
  let json = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = /** @type {string} */ (words[at]);
    const name = word === '--key' ? 'key' : word === '--checkpoint' ? 'checkpoint' : null;
    if (word === '--json') json = true;
    else if (name !== null && files[name] === null) {
      at += 1;
      const file = words[at];
      if (file === undefined) return null;
      files[name] = file;
    } else paths.push(word);
  }
  const [path] = paths;
  return path === undefined || paths.length > 1 || path.startsWith('--') ? null : { path, ...files, json };
}

function main() {
  const given = readWords(process.argv.slice(2));
  if (given === null) {
    console.error('usage: node verify.mjs BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]');
    return 2;
  }
  try {
    const pinned = given.key === null ? null : pinnedKey(readFileSync(given.key, 'utf8'));
    if (given.key !== null && pinned === null) {
      console.error('The key file holds neither a log.vkey line nor a SHA256: fingerprint.');
      return 2;
    }
    const note = given.checkpoint === null ? null : readFileSync(given.checkpoint, 'utf8');
    return report(given.path, pinned, note, given.json);
  } catch (error) {
    if (!isFileError(error)) throw error;
    console.error(`The bundle or a file beside it could not be read (${error.code}).`);
    return 2;
  }
}

process.exitCode = main();
