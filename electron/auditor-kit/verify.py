#!/usr/bin/env python3
"""Checks a Cloister audit bundle with nothing but Python 3.8 or newer and its standard library.

    python3 verify.py BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]

It shares no code with the app nor with the other verifiers beside it; it is written from the public formats (RFC 6962
hashing, C2SP signed-note, tlog-checkpoint and tlog-tiles, OpenSSH SSHSIG, RFC 8032 Ed25519, RFC 8785 canonical JSON) and
electron/vault/log/FORMAT.md. The numbers below, "FORMAT 1" to "FORMAT 8", are those of its chapter "Verifying".

FILE holds the key that you trust: a `log.vkey` line or the `SHA256:` fingerprint that was compared out of band. It may be
an earlier key of the record: then the entries that changed the key must lead from it to the one that signs now.
Exit 0: all of it holds. Exit 1: the first bad entry or file is named. Exit 2: wrong use.
"""

import base64
import binascii
import collections
import contextlib
import copy
import errno
import hashlib
import json
import os
import re
import stat
import struct
import sys
import zlib

NAMESPACE = 'cloister-audit-bundle'
TILE_WIDTH = 256
CLOCK_TOLERANCE_MS = 2000
MAXIMUM_LEAF_BYTES = 65_535
# Objects and lists in one another. A leaf has three; what is deeper could make one verifier give up and not another.
MAXIMUM_DEPTH = 100
# Bytes read at a time: a bundle may be larger than the memory.
CHUNK_BYTES = 2**20
# No file that is read as a whole comes near it.
MAXIMUM_WHOLE_BYTES = 2**27
LARGEST_SAFE_INTEGER = 2**53 - 1
UNLISTED = ('SHA256SUMS', 'SHA256SUMS.sshsig')
REQUIRED = (
    'README.txt',
    'manifest.json',
    'keys/log.vkey',
    'keys/allowed_signers',
    'log/checkpoint',
    'events.jsonl',
)
# What one of the two kinds of bundle must have, and the other must not.
# What the auditor's own file is called in an answer.
KEPT = 'the checkpoint that you gave'
REQUIRED_OF = {'full': 'checkpoints.txt', 'extract': 'proofs.txt'}
CONSISTENCY = 'consistency.txt'
# Lines of a proof: a tree of 2^53 leaves has 53 levels; the checkpoint has 5 lines.
MAXIMUM_PROOF_LINES = 64


class Bad(Exception):
    """Something is wrong with the bundle; `where` says at which entry, in which range of entries or in which file."""

    def __init__(self, problem, **where):
        super().__init__(problem)
        self.problem = problem
        self.where = where


def bad_entry(entry, problem):
    return Bad(problem, entry=entry, file='events.jsonl')


# ---------------------------------------------------------------------------------------------- files


class Place:
    """Where the bytes of a file stand: in a file of their own, or in the zip file."""

    def __init__(self, path, offset=0, size=None, stamp=None):
        facts = os.stat(path) if stamp is None else None
        self.path = path
        self.offset = offset
        self.size = facts.st_size if size is None else size
        self.stamp = stamp_of(facts) if stamp is None else stamp

    def part(self, offset, size):
        return Place(self.path, offset, size, self.stamp)

    def open(self):
        """A file is read more than once: all of it must be what was there the first time."""
        file = open(self.path, 'rb')
        if stamp_of(os.fstat(file.fileno())) != self.stamp:
            file.close()
            raise Bad('it changed while it was read', file='the bundle')
        return file

    def chunks(self):
        with self.open() as file:
            for at in range(0, self.size, CHUNK_BYTES):
                yield read_at(file, self.offset + at, min(CHUNK_BYTES, self.size - at))


def stamp_of(facts):
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns)


def read_at(file, offset, length):
    file.seek(offset)
    content = file.read(length)
    if len(content) != length:
        raise Bad('it ends before its end', file='the bundle')
    return content


class Member:
    """A file of the bundle. `sum`: SHA-256 in hex. `intact`: its checksum in the zip file is right."""

    def __init__(self, name, place, crc=None):
        self.name = name
        self.place = place
        digest = hashlib.sha256()
        check = 0
        for chunk in place.chunks():
            digest.update(chunk)
            if crc is not None:
                check = zlib.crc32(chunk, check)
        self.sum = digest.hexdigest()
        self.intact = crc is None or check == crc

    def bytes(self):
        if self.place.size > MAXIMUM_WHOLE_BYTES:
            raise Bad('it is much too large', file=self.name)
        return b''.join(self.place.chunks())

    def lines(self):
        """Without their newlines."""
        begun = []
        for chunk in self.place.chunks():
            *ended, rest = chunk.split(b'\n')
            for line in ended:
                yield line if not begun else b''.join([*begun, line])
                begun = []
            if rest:
                begun.append(rest)
        if begun:
            raise Bad('its last line is cut off', file=self.name)


class Members:
    """The files of the bundle by name, in the order in which they were found."""

    def __init__(self, path):
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
        self.by_name = read_folder(path) if is_folder else read_zip(path)

    def __contains__(self, name):
        return name in self.by_name

    def __iter__(self):
        return iter(self.by_name.values())

    def get(self, name):
        return self.by_name.get(name)

    def need(self, name):
        if name not in self.by_name:
            raise Bad('it is missing', file=name)
        return self.by_name[name]

    def inside(self, folder):
        """The files of a folder, without its name."""
        inside = Members.__new__(Members)
        inside.by_name = {}
        for member in self:
            if member.name.startswith(folder):
                named = copy.copy(member)
                named.name = member.name[len(folder) :]
                inside.by_name[named.name] = named
        return inside

    def text(self, name):
        """A byte that is not UTF-8 becomes a character that none of these files may hold."""
        return self.need(name).bytes().decode('utf-8', 'replace')


def is_member_name(name):
    return re.fullmatch(r'[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*', name) is not None and not any(
        part in ('.', '..') for part in name.split('/')
    )


def read_folder(root):
    return {name: Member(name, Place(os.path.join(root, name))) for name in names_in(root, '')}


def names_in(root, folder):
    """Links are refused and never followed. `folder`: its name with a slash, or nothing."""
    with os.scandir(os.path.join(root, folder)) as found:
        entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    for entry in entries:
        name = folder + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from names_in(root, f'{name}/')
        elif not entry.is_file(follow_symlinks=False):
            raise Bad('it is not an ordinary file', file=name)
        elif not is_member_name(name):
            raise Bad('its name is not one that a bundle may hold', file=quoted(os.fsencode(name).decode('utf-8', 'replace')))
        else:
            yield name


# ---------------------------------------------------------------------------------------------- the zip file


def read_zip(path):
    """FORMAT 1. A strict reader: what two unzip programs could read differently is refused."""
    whole = Place(path)
    with whole.open() as file:
        count, offset, size = directory_of(file, whole.size)
        directory = read_at(file, offset, size)
    heads = []
    position = 0
    for _ in range(count):
        heads.append(CentralHeader(directory, position))
        position = heads[-1].next
    if position != size:
        raise Bad('it holds bytes that belong to no file', file='the zip file')
    members = {}
    expected_start = 0
    for head in heads:
        if head.name in members:
            raise Bad('there are two files of this name', file=head.name)
        if head.start != expected_start:
            raise Bad('it does not begin where the file before it ends', file=head.name)
        with whole.open() as file:
            begin, expected_start = place_in_zip(file, head, offset)
        members[head.name] = Member(head.name, whole.part(begin, head.size), head.crc)
    if expected_start != offset:
        raise Bad('it holds bytes that belong to no file', file='the zip file')
    return members


def directory_of(file, file_size):
    """The end record, and that of ZIP64 where there is one: how many files, and where their directory stands."""
    end = file_size - 22
    record = bytes(22) if end < 0 else read_at(file, end, 22)
    signature, disks, here, count, size, offset, comment = struct.unpack('<IIHHIIH', record)
    if signature != 0x06054B50 or comment != 0:
        raise Bad('it is cut off or has something behind its end', file='the zip file')
    one_disk = disks == 0 and here == count
    directory_end = end
    wide = bytes(76) if end < 76 else read_at(file, end - 76, 76)
    if struct.unpack_from('<I', wide, 56)[0] == 0x07064B50:
        directory_end = end - 76
        narrow = (count, size, offset)
        wide_here, *facts = struct.unpack_from('<QQQQ', wide, 24)
        count, size, offset = facts
        agree = (
            struct.unpack_from('<IQ', wide, 0) == (0x06064B50, 44)
            and wide_here == count
            and struct.unpack_from('<Q', wide, 64)[0] == directory_end
            and narrow[0] in (count, 0xFFFF)
            and narrow[1] in (size, 0xFFFFFFFF)
            and narrow[2] in (offset, 0xFFFFFFFF)
        )
        if not agree:
            raise Bad('its ZIP64 end record is broken', file='the zip file')
    if not one_disk or offset + size != directory_end or size > MAXIMUM_WHOLE_BYTES:
        raise Bad('its end does not describe its directory', file='the zip file')
    return count, offset, size


class CentralHeader:
    """What the directory says of one file."""

    def __init__(self, directory, position):
        if directory[position : position + 4] != b'PK\x01\x02' or position + 46 > len(directory):
            raise Bad('its directory is broken', file='the zip file')
        self.flags, self.method = struct.unpack_from('<HH', directory, position + 8)
        self.crc, self.compressed, self.size = struct.unpack_from('<III', directory, position + 16)
        name, extra, comment = struct.unpack_from('<HHH', directory, position + 28)
        mode, self.start = struct.unpack_from('<II', directory, position + 38)
        name_end = position + 46 + name
        self.next = name_end + extra
        # Only ASCII is allowed: this way every verifier shows the other bytes as the same characters.
        self.name = directory[position + 46 : name_end].decode('latin-1')
        if comment != 0:
            raise Bad('it has a comment in the zip file', file=quoted(self.name))
        if not is_member_name(self.name):
            raise Bad('its name is not one that a bundle may hold', file=quoted(self.name))
        if mode >> 28 != 8:
            raise Bad('it is not marked as an ordinary file', file=self.name)
        self.wide = self.take_wide_sizes(directory[name_end : self.next])

    def take_wide_sizes(self, extra):
        """ZIP64: what does not fit into 32 bits stands in extra field 1. Some other fields give a file a second name."""
        if extra == b'':
            return False
        right = len(extra) >= 4 and struct.unpack_from('<HH', extra) == (1, len(extra) - 4)
        at = 4
        for field in ('size', 'compressed', 'start'):
            if right and getattr(self, field) == 0xFFFFFFFF and at + 8 <= len(extra):
                setattr(self, field, struct.unpack_from('<Q', extra, at)[0])
                at += 8
        if not right or at != len(extra):
            raise Bad('its header in the zip file has fields that a bundle has not', file=self.name)
        return True


def place_in_zip(file, head, limit):
    """Where the bytes begin, and where the next file must. `limit`: where the directory begins."""
    if head.start + 30 > limit:
        raise Bad('its local header is missing', file=head.name)
    local = read_at(file, head.start, 30)
    if local[:4] != b'PK\x03\x04':
        raise Bad('its local header is missing', file=head.name)
    if head.flags & 1:
        raise Bad('it is encrypted', file=head.name)
    flags, method = struct.unpack_from('<HH', local, 6)
    name, extra = struct.unpack_from('<HH', local, 26)
    begin = head.start + 30 + name
    has_descriptor = head.flags & 8 != 0
    same = (
        (flags, method, extra) == (head.flags, head.method, 0)
        and begin <= limit
        and read_at(file, head.start + 30, name) == head.name.encode()
        and struct.unpack_from('<III', local, 14)
        == ((0, 0, 0) if has_descriptor else (head.crc, head.compressed, head.size))
    )
    if not same:
        raise Bad('its two headers in the zip file differ', file=head.name)
    end = begin + head.compressed
    if end > limit:
        raise Bad('it runs into the directory of the zip file', file=head.name)
    # Bit 3: sizes behind the data. Bit 11: names in UTF-8.
    if head.method != 0 or head.compressed != head.size or head.flags & ~0x0808:
        raise Bad('it is packed; a bundle stores its files as they are', file=head.name)
    if not has_descriptor:
        return begin, end
    shape = '<IIQQ' if head.wide else '<IIII'
    length = struct.calcsize(shape)
    descriptor = bytes(length) if end + length > limit else read_at(file, end, length)
    if struct.unpack(shape, descriptor) != (0x08074B50, head.crc, head.compressed, head.size):
        raise Bad('its data descriptor is broken', file=head.name)
    return begin, end + length


# ---------------------------------------------------------------------------------------------- Ed25519

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
SQUARE_ROOT_OF_MINUS_ONE = pow(2, (FIELD - 1) // 4, FIELD)
# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z, as in RFC 8032 section 5.1.4.
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % FIELD
    b = (p[1] + p[0]) * (q[1] + q[0]) % FIELD
    c = 2 * p[3] * q[3] * CURVE_D % FIELD
    d = 2 * p[2] * q[2] % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def double(p):
    a = p[0] * p[0] % FIELD
    b = p[1] * p[1] % FIELD
    c = 2 * p[2] * p[2] % FIELD
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1]) % FIELD
    g = a - b
    f = c + g
    return (e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def negative(p):
    return (FIELD - p[0], p[1], p[2], FIELD - p[3])


def decode_point(encoded):
    """Section 5.1.3. As OpenSSL and Go do, it takes a y that was not reduced; None where no point has this y."""
    number = int.from_bytes(encoded, 'little')
    y = number % 2**255 % FIELD
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, FIELD - 2, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if (x * x - square) % FIELD != 0:
        x = x * SQUARE_ROOT_OF_MINUS_ONE % FIELD
    if (x * x - square) % FIELD != 0:
        return None
    if x & 1 != number >> 255:
        x = -x % FIELD
    return (x, y, 1, x * y % FIELD)


def encode_point(p):
    inverse = pow(p[2], FIELD - 2, FIELD)
    x, y = p[0] * inverse % FIELD, p[1] * inverse % FIELD
    return (y | (x & 1) << 255).to_bytes(32, 'little')


def base_point():
    # Section 5.1: y is 4/5, and x is even.
    point = decode_point((4 * pow(5, FIELD - 2, FIELD) % FIELD).to_bytes(32, 'little'))
    assert point is not None
    return point


BASE = base_point()


def is_signed_by(message, signature, public_key):
    """Section 5.1.7: R must be [s]B - [k]A, for k the hash of R, A and the message."""
    if len(signature) != 64 or len(public_key) != 32:
        return False
    s = int.from_bytes(signature[32:], 'little')
    key = decode_point(public_key)
    if s >= ORDER or key is None:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), 'little') % ORDER
    # Both products in one pass. Nothing here is secret: the time may depend on the numbers.
    minus_key = negative(key)
    steps = {(1, 0): BASE, (0, 1): minus_key, (1, 1): add(BASE, minus_key)}
    total = NEUTRAL
    for bit in range(253, -1, -1):
        total = double(total)
        step = steps.get((s >> bit & 1, k >> bit & 1))
        if step is not None:
            total = add(total, step)
    return encode_point(total) == signature[:32]


# ---------------------------------------------------------------------------------------------- keys and signatures


def strict_base64(text):
    """The bytes, where the text is their one canonical form; else None."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if text != '' and base64.b64encode(content).decode() == text else None


class Key:
    """C2SP signed-note verifier key: `<name>+<id>+<base64(0x01 || key)>`."""

    def __init__(self, name, public_key):
        blob = b'\x01' + public_key
        self.name = name
        self.public_key = public_key
        self.id = hashlib.sha256(name.encode() + b'\n' + blob).digest()[:4]
        self.line = f'{name}+{self.id.hex()}+{base64.b64encode(blob).decode()}'
        self.hash = hashlib.sha256(public_key).hexdigest()
        self.ssh = ssh_string(b'ssh-ed25519') + ssh_string(public_key)
        self.fingerprint = 'SHA256:' + base64.b64encode(hashlib.sha256(self.ssh).digest()).decode().rstrip('=')


def parse_key(line):
    match = re.fullmatch(r'([!-*,-~]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)', line)
    blob = strict_base64(match[2]) if match else None
    if blob is None or len(blob) != 33 or blob[0] != 1:
        return None
    key = Key(match[1], blob[1:])
    return key if key.line == line else None


def earlier_keys(members):
    """Keys that signed before this one, oldest first: believed only when the entries say the same."""
    file = 'keys/earlier.vkeys'
    if file not in members:
        return []
    *lines, rest = members.text(file).split('\n')
    if rest != '':
        raise Bad('its last line is cut off', file=file)
    if not lines:
        raise Bad('it lists no key', file=file)
    keys = [parse_key(line) for line in lines]
    if None in keys:
        raise Bad('it is not a list of verifier keys', file=file)
    return keys


def ssh_string(content):
    """RFC 4251: length in 32 bits, then the bytes."""
    return struct.pack('>I', len(content)) + content


def check_ssh_signature(armor, message, key):
    """PROTOCOL.sshsig: the whole blob is known but for the signature, so it is rebuilt and compared."""
    file = 'SHA256SUMS.sshsig'
    match = re.fullmatch(
        r'-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n', armor
    )
    blob = (strict_base64(match[1].replace('\n', '')) if match else None) or b''
    fields = ssh_string(NAMESPACE.encode()) + ssh_string(b'') + ssh_string(b'sha512')
    signature = blob[-64:]
    expected = (
        b'SSHSIG\0\0\0\1'
        + ssh_string(key.ssh)
        + fields
        + ssh_string(ssh_string(b'ssh-ed25519') + ssh_string(signature))
    )
    if blob != expected:
        raise Bad('it is not a signature of the key in keys/log.vkey', file=file)
    signed = b'SSHSIG' + fields + ssh_string(hashlib.sha512(message).digest())
    if not is_signed_by(signed, signature, key.public_key):
        raise Bad('the signature does not fit SHA256SUMS', file=file)


class Checkpoint:
    """C2SP signed-note and tlog-checkpoint, signed by one of the keys."""

    pattern = re.compile(
        r'(([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n— ([^ \n]+) ([A-Za-z0-9+/=]+)\n'
    )

    def __init__(self, note, keys, file):
        """Without keys, who signed it is not looked at."""
        match = self.pattern.fullmatch(note)
        root = strict_base64(match[4]) if match else None
        blob = strict_base64(match[6]) if match else None
        if root is None or blob is None:
            raise Bad('it is not a checkpoint', file=file)
        self.note = note
        self.origin = match[2]
        self.size = int(match[3])
        self.root = root
        if keys is None:
            return
        body = match[1].encode('utf-8', 'surrogatepass')
        for key in keys:
            if match[5] == key.name and blob[:4] == key.id and is_signed_by(body, blob[4:], key.public_key):
                self.signer = key
                return
        whose = 'keys in keys/' if len(keys) > 1 else 'key in keys/log.vkey'
        raise Bad(f'its signature is not one of the {whose}', file=file)


# ---------------------------------------------------------------------------------------------- tree


def sha256(content):
    return hashlib.sha256(content).digest()


def leaf_hash(leaf):
    return sha256(b'\0' + leaf)


def roots_of(hashes, sizes):
    """RFC 6962 roots of the trees of these sizes, in one pass; without those that are larger than the tree."""
    wanted = set(sizes)
    roots = {0: sha256(b'')} if 0 in wanted else {}
    # Complete subtrees from the left, each of another height: the binary digits of the size say which there are.
    subtrees = []
    for index, node in enumerate(hashes):
        size = index + 1
        subtrees.append(node)
        while size % 2 == 0:
            right = subtrees.pop()
            subtrees[-1] = sha256(b'\1' + subtrees[-1] + right)
            size //= 2
        if index + 1 in wanted:
            *lefts, root = subtrees
            for left in reversed(lefts):
                root = sha256(b'\1' + left + root)
            roots[index + 1] = root
    return roots


def root_of(hashes):
    return roots_of(hashes, [len(hashes)])[len(hashes)]


def tile_name(level, index, width):
    """C2SP tlog-tiles: the index in groups of three digits, an `x` before all but the last."""
    groups = [f'{index % 1000:03}']
    while index >= 1000:
        index //= 1000
        groups.insert(0, f'x{index % 1000:03}')
    return f'log/tile/{level}/{"/".join(groups)}' + ('' if width == TILE_WIDTH else f'.p/{width}')


def tile_ranges(count):
    for begin in range(0, count, TILE_WIDTH):
        yield begin // TILE_WIDTH, begin, min(TILE_WIDTH, count - begin)


def tile_hashes(members, size):
    """The hashes that the level-0 tiles hold, or None where one is missing."""
    hashes = []
    for index, _, width in tile_ranges(size):
        # A checkpoint may claim any size: the first tile that is not there ends it.
        member = members.get(tile_name(0, index, width))
        if member is None or member.place.size != width * 32:
            return None
        tile = member.bytes()
        hashes.extend(tile[at : at + 32] for at in range(0, len(tile), 32))
    return hashes


def check_tree(members, checkpoint, earlier):
    """
    FORMAT 3: the leaves against the signed tree. A wrong leaf is named by its index where the tiles still carry the
    signed hashes; else by the smallest range between two signed checkpoints.
    """
    events = members.need('events.jsonl')
    hashes = [leaf_hash(line) for line in events.lines()]
    size, root = checkpoint.size, checkpoint.root
    if len(hashes) == size and root_of(hashes) == root:
        return hashes
    if len(hashes) > size and roots_of(hashes, [size]).get(size) == root:
        raise bad_entry(size, describe_bad_leaf(events, size, size))
    signed = tile_hashes(members, size)
    if signed is not None and root_of(signed) == root:
        entry = 0
        while entry < min(len(hashes), size) and hashes[entry] == signed[entry]:
            entry += 1
        raise bad_entry(entry, describe_bad_leaf(events, entry, size))
    roots = roots_of(hashes, [known.size for known in earlier])
    begin = max([0, *(known.size for known in earlier if roots.get(known.size) == known.root)])
    end = min([size, *(known.size for known in earlier if known.size > begin)])
    raise Bad(
        'the entries do not make the signed tree, and the tiles do not either',
        range=[begin, end - 1],
        file='events.jsonl',
    )


def describe_bad_leaf(events, entry, size):
    leaf = next((line for index, line in enumerate(events.lines()) if index == entry), None)
    if leaf is None:
        return f'it is missing: the signed tree has {size} entries'
    if entry >= size:
        return f'it was added: the signed tree has {size} entries'
    event = parse_canonical(leaf)
    seq = event.get('seq') if isinstance(event, dict) else None
    if type(seq) in (int, float) and seq != entry:
        return f'entry {canonical(seq)} stands in its place'
    return 'it is not the entry that was signed'


def check_prefixes(hashes, checkpoint, earlier):
    """FORMAT 4, without the keys."""
    roots = roots_of(hashes, [known.size for known in earlier])
    before = 0
    for known in earlier:
        if known.size <= before or known.size >= checkpoint.size:
            raise Bad(
                'its checkpoints are not smaller than the newest one, oldest first', file='checkpoints.txt'
            )
        if known.origin != checkpoint.origin or roots.get(known.size) != known.root:
            raise Bad(
                f'the record of {known.size} entries that was signed earlier is not part of this one',
                file='checkpoints.txt',
                range=[before, known.size - 1],
            )
        before = known.size


def check_tiles(members, hashes):
    """FORMAT 7: every tile holds what the leaves make, and there is no other."""
    expected = set()

    def check(name, content, problem):
        expected.add(name)
        member = members.get(name)
        if member is None or member.sum != hashlib.sha256(content).hexdigest():
            raise Bad(problem, file=name)

    level = 0
    row = hashes
    while row:
        above = []
        for index, begin, width in tile_ranges(len(row)):
            tile = row[begin : begin + width]
            check(
                tile_name(level, index, width), b''.join(tile), 'it does not hold the hashes of the entries'
            )
            if width == TILE_WIDTH:
                above.append(root_of(tile))
        row = above
        level += 1
    lines = members.need('events.jsonl').lines()
    for index, _, width in tile_ranges(len(hashes)):
        leaves = [next(lines) for _ in range(width)]
        check(
            tile_name('entries', index, width),
            b''.join(struct.pack('>H', len(leaf)) + leaf for leaf in leaves),
            'it does not hold the entries of events.jsonl',
        )
    for member in members:
        if member.name.startswith('log/tile/') and member.name not in expected:
            raise Bad('no tile of this tree has this name', file=member.name)


# ---------------------------------------------------------------------------------------------- canonical JSON


def quoted(text):
    """RFC 8785 section 3.2.2.2. A lone surrogate is refused: two such texts share their UTF-8."""
    return json.dumps(text.encode('utf-8', 'replace').decode(), ensure_ascii=False)


def number_text(value):
    """RFC 8785 section 3.2.2.3: the shortest digits that give the same double, as ECMAScript writes them."""
    if value == 0:
        return '0'
    if value in (float('inf'), float('-inf')):
        raise ValueError('a number beyond every double')
    mantissa, _, exponent = repr(abs(float(value))).partition('e')
    whole, _, fraction = mantissa.partition('.')
    digits = (whole + fraction).lstrip('0')
    # The value is 0.DIGITS times ten to the power of `point`.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip('0')
    if 0 < point <= 21:
        text = digits.ljust(point, '0')
        text = text[:point] + ('.' + text[point:] if len(text) > point else '')
    elif -6 < point <= 0:
        text = '0.' + '0' * -point + digits
    else:
        text = digits[0] + ('.' + digits[1:] if len(digits) > 1 else '') + f'e{point - 1:+d}'
    return '-' + text if value < 0 else text


def canonical(value, depth=1):
    """RFC 8785."""
    if isinstance(value, (dict, list)) and depth > MAXIMUM_DEPTH:
        raise ValueError('too deep')
    if isinstance(value, dict):
        # By UTF-16 code units; a lone surrogate has none.
        names = sorted(value, key=lambda name: name.encode('utf-16-be'))
        return '{' + ','.join(f'{quoted(name)}:{canonical(value[name], depth + 1)}' for name in names) + '}'
    if isinstance(value, list):
        return '[' + ','.join(canonical(item, depth + 1) for item in value) + ']'
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: 'null', True: 'true', False: 'false'}[value]
    return number_text(value)


def parse_number(token):
    """A number in any spelling but its canonical one is refused here. Whole ones become int, as far as they are exact."""
    if len(token) < 16 and (token == '0' or token.lstrip('-')[0] != '0') and token.lstrip('-').isdigit():
        return int(token)
    value = float(token)
    if number_text(value) != token:
        raise ValueError('a number that is spelled in another way')
    return int(value) if value.is_integer() and abs(value) <= LARGEST_SAFE_INTEGER else value


def no_constant(name):
    raise ValueError(f'{name} is not JSON')


DECODER = json.JSONDecoder(parse_int=parse_number, parse_float=parse_number, parse_constant=no_constant)
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(',', ':'))
NOT_CANONICAL = object()


def parse_canonical(content):
    """The value, or NOT_CANONICAL unless the bytes are its one canonical form."""
    try:
        text = content.decode('utf-8')
        value = DECODER.decode(text)
        # The library's encoder is much the faster one. For ASCII it sorts and escapes as RFC 8785 does, and every number
        # has been compared already; a whole one of more than 2^53, which it writes in another way, is no member of a leaf.
        if content.isascii() and text.count('{') + text.count('[') <= MAXIMUM_DEPTH:
            if ENCODER.encode(value) == text:
                return value
        return value if canonical(value) == text else NOT_CANONICAL
    except (ValueError, RecursionError):
        return NOT_CANONICAL


# ---------------------------------------------------------------------------------------------- entries


def matcher(pattern):
    full = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and full(value) is not None


def or_null(is_right):
    return lambda value: value is None or is_right(value)


def is_count(value):
    return type(value) is int and 0 <= value <= LARGEST_SAFE_INTEGER


def is_base64_of(length):
    def is_right(value):
        content = strict_base64(value) if isinstance(value, str) else None
        return content is not None and len(content) == length

    return is_right


is_hash = matcher('[0-9a-f]{64}')
is_uuid = matcher('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
is_role = matcher('[a-z-]+')

# FORMAT.md, "Leaf": all members, and no other.
LEAF_MEMBERS = {
    'v': lambda value: type(value) is int and value == 1,
    'seq': is_count,
    'event': matcher(r'[a-z]+\.[a-z-]+'),
    'at': matcher(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'),
    'monotonicMs': is_count,
    'bootId': is_uuid,
    'timeSync': matcher('synchronised|not-synchronised|unknown'),
    'actor': lambda value: isinstance(value, dict)
    and len(value) == 2
    and 'id' in value
    and or_null(is_uuid)(value['id'])
    and is_role(value.get('role')),
    'session': or_null(is_uuid),
    'device': is_uuid,
    'patient': or_null(matcher('[0-9a-f]{32}')),
    'outcome': matcher('success|stopped|refused|failed|attention'),
    'app': matcher(r'[0-9A-Za-z.+-]{1,40}'),
    'texts': lambda value: isinstance(value, dict) and all(map(is_hash, value.values())),
    'data': lambda value: isinstance(value, dict),
}

# FORMAT.md, "Events": these and no other.
EVENTS = frozenset(
    (
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
    )
)

is_word = matcher(r'[\x21-\x7e]{0,300}')


def holds_no_text(value):
    """Numbers, and words of printable ASCII without a space."""
    if isinstance(value, str):
        return is_word(value)
    if isinstance(value, dict):
        return all(map(holds_no_text, value)) and all(map(holds_no_text, value.values()))
    return not isinstance(value, list) or all(map(holds_no_text, value))


is_time = LEAF_MEMBERS['at']

# FORMAT.md, "Extract".
SELECTIONS = {
    'entries': {'by': matcher('entries'), 'from': is_count, 'to': is_count},
    'time': {'by': matcher('time'), 'from': is_time, 'to': is_time},
    'patient': {'by': matcher('patient'), 'patient': matcher('[0-9a-f]{32}')},
    'user': {'by': matcher('user'), 'user': is_uuid},
}

ROTATION_MEMBERS = {
    'oldKey': is_hash,
    'oldKeyPublic': is_base64_of(32),
    'newKey': is_hash,
    'newKeyPublic': is_base64_of(32),
    'size': is_count,
    'oldSignature': is_base64_of(64),
    'newSignature': is_base64_of(64),
}

is_restored_origin = matcher('cloister[.][a-z0-9.-]{3,200}/[0-9a-f-]{36}/(0|[1-9][0-9]{0,2})')

CONTINUATION_MEMBERS = {
    'origin': is_restored_origin,
    'logKey': is_hash,
    'epoch': is_count,
    'oldOrigin': is_restored_origin,
    'oldSize': is_count,
    'oldRoot': is_hash,
    'oldKeyPublic': is_base64_of(32),
    'newKeyPublic': is_base64_of(32),
    'oldSignature': is_base64_of(64),
    'newSignature': is_base64_of(64),
}


def has_exactly(members, value):
    return (
        isinstance(value, dict)
        and len(value) == len(members)
        and all(name in value and is_right(value[name]) for name, is_right in members.items())
    )


# Days of a year before each month, and at its end.
MONTHS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


def milliseconds(at):
    """Of a time in its one form; None for one that there is not, such as the 30th of February."""
    year, month, day, hour, minute, second, part = map(
        int, (at[:4], at[5:7], at[8:10], at[11:13], at[14:16], at[17:19], at[20:23])
    )
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return None
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = MONTHS[month] - MONTHS[month - 1] + (is_leap and month == 2)
    if not 1 <= day <= length:
        return None
    before = year - 1
    days = 365 * year + before // 4 - before // 100 + before // 400
    days += MONTHS[month - 1] + (is_leap and month > 2) + day
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + part


def parse_event(line, index):
    """The leaf, whose own time is one there is."""
    event = parse_canonical(line) if len(line) <= MAXIMUM_LEAF_BYTES else NOT_CANONICAL
    if event is NOT_CANONICAL:
        raise bad_entry(index, 'it is not canonical JSON, or too long')
    if not has_exactly(LEAF_MEMBERS, event) or event['seq'] != index:
        raise bad_entry(index, 'it is not an entry of this format, or does not say its own place')
    if event['event'] not in EVENTS:
        raise bad_entry(index, 'its event is none that this version of the format knows')
    if not holds_no_text(event['data']):
        raise bad_entry(index, 'its data holds a text')
    if milliseconds(event['at']) is None:
        raise bad_entry(index, 'its time is not one')
    return event


def is_sole_account(event):
    return event['event'] == 'user.created' and event['data'].get('role') == 'sole-practitioner'


def epoch_of(origin):
    """The number at the end of an origin."""
    return int(origin.rsplit('/', 1)[-1])


def is_beginning(event, origin):
    data = event['data']
    if data.get('origin') != origin:
        return False
    if event['event'] == 'log.created':
        return True
    return (
        event['event'] == 'log.continued'
        and has_exactly(CONTINUATION_MEMBERS, data)
        and data['epoch'] == epoch_of(origin) == epoch_of(data['oldOrigin']) + 1
    )


def check_continuation(first):
    """The last key of the record before and the first of this one signed that this one continues it."""
    data = first['data']
    old = Key(data['oldOrigin'], base64.b64decode(data['oldKeyPublic']))
    new = Key(data['origin'], base64.b64decode(data['newKeyPublic']))
    if data['logKey'] != new.hash or old.public_key == new.public_key:
        raise bad_entry(0, 'it names a key that it does not bring')
    root = base64.b64encode(bytes.fromhex(data['oldRoot'])).decode()
    lines = ('cloister/1 log continued', old.name, str(data['oldSize']), root, old.line, new.line)
    statement = ''.join(f'{line}\n' for line in lines).encode()
    if not is_signed_by(statement, base64.b64decode(data['oldSignature']), old.public_key):
        raise bad_entry(0, 'the key of the record before did not sign that it is continued here')
    if not is_signed_by(statement, base64.b64decode(data['newSignature']), new.public_key):
        raise bad_entry(0, 'the key of this record did not sign what it continues')


class Events:
    """FORMAT 5, the rules between leaves. Afterwards it holds what a reader wants to know."""

    def __init__(self, member, origin):
        self.first = None
        self.last = None
        self.restored = []
        self.rotations = []
        self.emergencies = []
        self.retentions = []
        self.sole_practitioner = False
        self.turns = {}
        self.last_ms = None
        for index, line in enumerate(member.lines()):
            self.take(index, parse_event(line, index))
        if self.first is None or not is_beginning(self.first, origin):
            raise bad_entry(0, 'it does not begin this record')
        self.open = [entry for entry, closed in self.turns.values() if not closed]

    def take(self, index, event):
        self.check_clock(index, event)
        self.check_turn(index, event)
        last = self.last
        if last and last['bootId'] == event['bootId'] and event['monotonicMs'] < last['monotonicMs']:
            self.restored.append(index)
        if event['event'] == 'log.key-rotated':
            self.rotations.append(event)
        if event['event'] == 'record.break-glass':
            self.emergencies.append(index)
        if event['event'] == 'retention.applied':
            self.retentions.append(event)
        if is_sole_account(event):
            self.sole_practitioner = True
        self.first = self.first or event
        self.last = event

    def check_clock(self, index, event):
        now = milliseconds(event['at'])
        back = 0 if self.last_ms is None else self.last_ms - now
        self.last_ms = now
        if event['event'] == 'clock.jumped-back':
            told = event['data'].get('byMs')
            if back <= CLOCK_TOLERANCE_MS or type(told) is not int or told != back:
                raise bad_entry(index, 'it tells of another jump of the clock than there was')
        elif back > CLOCK_TOLERANCE_MS:
            raise bad_entry(index, 'the clock went back and the record does not say so')

    def check_turn(self, index, event):
        """Every outcome has its intent, and every intent at most one outcome."""
        is_request = event['event'] == 'prompt.submitted'
        if not is_request and not event['event'].startswith('response.'):
            return
        turn, intent = event['data'].get('turn'), event['data'].get('intent')
        if not is_uuid(turn):
            raise bad_entry(index, 'it does not say which request it is about')
        if is_request:
            if turn in self.turns:
                raise bad_entry(index, 'it uses the number of an earlier request')
            self.turns[turn] = (index, False)
        elif type(intent) is not int or self.turns.get(turn) != (intent, False):
            raise bad_entry(index, 'it does not answer an open request')
        else:
            self.turns[turn] = (intent, True)

    def new_emergencies(self, earlier):
        """Entries with emergency access that the bundle before did not hold."""
        known = earlier[-1].size if earlier else 0
        return [entry for entry in self.emergencies if entry >= known]


def follow_keys(events, hashes, key):
    """FORMAT.md, "Change of the key": from the key that the first entry names to the one that signed the bundle."""
    roots = roots_of(hashes, [event['seq'] for event in events.rotations])
    used = [events.first['data'].get('logKey')]
    changes = []
    for event in events.rotations:
        entry, data = event['seq'], event['data']
        if not has_exactly(ROTATION_MEMBERS, data):
            raise bad_entry(entry, 'it is no change of the key')
        old = Key(key.name, base64.b64decode(data['oldKeyPublic']))
        new = Key(key.name, base64.b64decode(data['newKeyPublic']))
        if data['oldKey'] != used[-1]:
            raise bad_entry(entry, 'it changes a key that was not in use')
        if data['newKey'] in used:
            raise bad_entry(entry, 'it brings back a key of before')
        if data['oldKey'] != old.hash or data['newKey'] != new.hash:
            raise bad_entry(entry, 'it names a key by another hash than its own')
        if data['size'] != entry:
            raise bad_entry(entry, 'it changes the key at another place than its own')
        root = base64.b64encode(roots[entry]).decode()
        lines = ('cloister/1 log key rotation', key.name, str(entry), root, old.line, new.line)
        statement = ''.join(f'{line}\n' for line in lines).encode()
        for whose, signer in (('old', old), ('new', new)):
            if not is_signed_by(statement, base64.b64decode(data[f'{whose}Signature']), signer.public_key):
                raise bad_entry(entry, f'the {whose} key did not sign this change of the key')
        used.append(new.hash)
        changes.append((entry, old, new))
    if used[-1] != key.hash:
        raise bad_entry(changes[-1][0] if changes else 0, 'it brings another key than the one that signs')
    return changes


def check_earlier_keys(changes, listed, key, earlier):
    """Each earlier checkpoint has the signature of the key of its time, and the list says what the entries say."""
    if [old.line for _, old, _ in changes] != [known.line for known in listed]:
        raise Bad('it does not list the earlier keys that the entries name', file='keys/earlier.vkeys')
    for known in earlier:
        due = next((old for entry, old, _ in changes if known.size <= entry), key)
        if known.signer.public_key != due.public_key:
            raise Bad(
                f'the checkpoint of {known.size} entries is signed by a key that was not in use then',
                file='checkpoints.txt',
            )


PAYLOAD_MEMBERS = {
    'index': is_count,
    'field': lambda value: isinstance(value, str),
    'salt': lambda value: isinstance(value, str),
    'text': lambda value: isinstance(value, str),
}


# Six years of 365 days: no text is deleted before.
SHORTEST_KEPT_MS = 6 * 365 * 24 * 3_600_000

Payloads = collections.namedtuple('Payloads', 'included deleted')


def covered_by(steps):
    """Whether one of these leaves `retention.applied` tells of a leaf that its texts were deleted, not before their time."""

    def may_lack(event):
        return any(
            event['seq'] < step['seq']
            and is_count(step['data'].get('to'))
            and event['seq'] < step['data']['to']
            and milliseconds(step['at']) - milliseconds(event['at']) >= SHORTEST_KEPT_MS
            for step in steps
        )

    return may_lack


def check_payloads(members, may_lack):
    """FORMAT 6: one text for each commitment, in the order of the entries and then of the fields, but for what may lack."""
    member = members.get('payloads.jsonl')
    if member is None:
        return None
    lines = member.lines()
    number = 1
    deleted = 0
    line = next(lines, None)
    payload = None
    for leaf in members.need('events.jsonl').lines():
        event = json.loads(leaf)
        entry = event['seq']
        # The members of a canonical object are in order already.
        for expected, commitment in event['texts'].items():
            file = f'payloads.jsonl line {number}'
            if line is None:
                if not may_lack(event):
                    raise Bad(f'its text "{expected}" is missing', entry=entry, file=file)
                deleted += 1
                continue
            payload = payload or parse_canonical(line)
            if not has_exactly(PAYLOAD_MEMBERS, payload):
                raise Bad('it is not a payload', file=file)
            where = {'entry': min(payload['index'], entry), 'file': file}
            if payload['index'] != entry or payload['field'] != expected:
                is_later = (payload['index'], payload['field']) > (entry, expected)
                if not is_later or not may_lack(event):
                    raise Bad(f'the text "{expected}" of entry {entry} should stand here', **where)
                deleted += 1
                continue
            salt = strict_base64(payload['salt'])
            text = payload['text'].encode()
            if salt is None or len(salt) != 32 or sha256(b'\x10' + salt + text).hex() != commitment:
                raise Bad(f'the text "{expected}" is not the one that the entry commits to', **where)
            number += 1
            line = next(lines, None)
            payload = None
    if line is not None:
        raise Bad('no entry commits to it', file=f'payloads.jsonl line {number}')
    return Payloads(number - 1, deleted)


# ---------------------------------------------------------------------------------------------- the whole bundle


def sums_of(members):
    *lines, rest = members.text('SHA256SUMS').split('\n')
    if rest != '':
        raise Bad('its last line is cut off', file='SHA256SUMS')
    sums = {}
    for line in lines:
        match = re.fullmatch(r'([0-9a-f]{64})  (\S+)', line)
        if match is None or match[2] in sums:
            raise Bad('it is not a list of files', file='SHA256SUMS')
        sums[match[2]] = match[1]
    return sums


def wrong_sums(members, sums):
    return sorted(
        name for name, expected in sums.items() if name not in members or members.need(name).sum != expected
    )


def check_sums(members):
    """The list and every file in it; no file stands beside it."""
    sums = sums_of(members)
    for member in members:
        if member.name not in sums and member.name not in UNLISTED:
            raise Bad('SHA256SUMS does not list it', file=member.name)
    for name in wrong_sums(members, sums):
        if name in members:
            raise Bad('its bytes are not those that SHA256SUMS names', file=name)
        raise Bad('it is missing', file=name)


def sums_remark(members):
    """What SHA256SUMS says of the files, to be told beside a bad entry."""
    try:
        wrong = wrong_sums(members, sums_of(members))
    except Bad:
        return '; SHA256SUMS is damaged too'
    return f'; SHA256SUMS does not fit {", ".join(wrong)}' if wrong else '; SHA256SUMS was made to fit it'


def read_manifest(members):
    """None unless it is canonical JSON and a newline."""
    content = members.need('manifest.json').bytes()
    manifest = parse_canonical(content[:-1]) if content.endswith(b'\n') else None
    return manifest if isinstance(manifest, dict) else None


def kind_of(members):
    """What is not an extract is checked as a full bundle, which asks for more."""
    manifest = read_manifest(members) if 'manifest.json' in members else None
    return 'extract' if manifest and manifest.get('kind') == 'extract' else 'full'


def check_manifest(members, key, checkpoint, facts):
    """`facts`: those of this kind of bundle."""
    file = 'manifest.json'
    manifest = read_manifest(members)
    if manifest is None or manifest.get('format') != 'cloister-audit-bundle/1':
        raise Bad('it is not the manifest of a bundle that this verifier knows', file=file)
    for name, value in {'origin': checkpoint.origin, 'treeSize': checkpoint.size, **facts}.items():
        if name not in manifest or canonical(manifest[name]) != canonical(value):
            raise Bad(f'what it says of "{name}" is not so', file=file)
    if key.name != checkpoint.origin:
        raise Bad('it is the key of another record', file='keys/log.vkey')
    if (manifest.get('clinicalText') == 'included') != ('payloads.jsonl' in members):
        raise Bad('what it says of the clinical text is not so', file=file)
    return manifest


def check_signed_files(members, key):
    check_ssh_signature(members.text('SHA256SUMS.sshsig'), members.need('SHA256SUMS').bytes(), key)
    check_sums(members)
    for member in members:
        if not member.intact:
            raise Bad('its checksum in the zip file is wrong', file=member.name)
    allowed = f'cloister-log namespaces="{NAMESPACE}" ssh-ed25519 {base64.b64encode(key.ssh).decode()}\n'
    if members.text('keys/allowed_signers') != allowed:
        raise Bad('it names another key than keys/log.vkey', file='keys/allowed_signers')
    check_audit_events(members)


def check_audit_events(members):
    """fhir/AuditEvent.ndjson: one line for each entry, in their order, which names the entry's hash."""
    file = 'fhir/AuditEvent.ndjson'
    if file not in members:
        return
    lines = members.need(file).lines()
    for count, leaf in enumerate(members.need('events.jsonl').lines(), 1):
        named = '{"type":"leafHash","valueString":"%s"}' % leaf_hash(leaf).hex()
        if named.encode() not in next(lines, b''):
            problem = f'its line {count} is not about the entry in line {count} of events.jsonl'
            raise Bad(problem, file=file)
    if next(lines, None) is not None:
        raise Bad('it has more lines than there are entries', file=file)


def verify_bundle(members, pinned, note):
    """
    From the most telling to the least: an entry is named before the file that it stands in, and a broken signature before
    what the unsigned list says. Nothing of it may fail. `pinned`: a `log.vkey` line, a fingerprint, or None. `note`: a
    checkpoint that left the computer earlier, or None.
    """
    kind = kind_of(members)
    for name in (*REQUIRED, REQUIRED_OF[kind], *UNLISTED):
        members.need(name)
    for member in members:
        if is_of_other_kind(member.name, kind):
            raise Bad('only an extract has it' if kind == 'full' else 'no extract has it', file=member.name)
    key, listed = keys_of_record(members)
    before = keys_before(members)
    held = next((each for each in [key, *listed, *before] if pinned in (each.fingerprint, each.line)), None)
    if pinned is not None and held is None:
        raise Bad(
            f'it is not the key that you gave; its fingerprint is {key.fingerprint}', file='keys/log.vkey'
        )
    checkpoint = Checkpoint(members.text('log/checkpoint'), [key], 'log/checkpoint')
    kept = None if note is None else Checkpoint(note, [key, *listed, *before], KEPT)
    trust = {
        'origin': checkpoint.origin,
        'treeSize': checkpoint.size,
        'rootHash': checkpoint.root.hex(),
        'keyFingerprint': key.fingerprint,
        'authenticated': pinned is not None,
        'heldKey': held.fingerprint if held else None,
        'keptCheckpoint': kept.size if kept else None,
    }
    if kind == 'extract':
        return {'kind': kind, **trust, **verify_extract(members, key, checkpoint, kept)}
    return {'kind': kind, **trust, **verify_full(members, key, listed, checkpoint, kept)}


def check_kept(kept, checkpoint, root_at):
    """
    The auditor's own checkpoint of this record: what it signs must be the beginning of this one. Alone, a bundle cannot
    tell that its record was set back or written anew by somebody with all keys.
    """
    if kept is None:
        return
    if kept.size > checkpoint.size:
        raise Bad(
            f'it is of {kept.size} entries, and this bundle is of {checkpoint.size}: '
            'the record was set back, or the bundle is older',
            file=KEPT,
        )
    if root_at(kept.size) != kept.root:
        raise Bad(
            f'the record of {kept.size} entries that it signs is not part of this one',
            file=KEPT,
            range=[0, kept.size - 1],
        )


def is_of_other_kind(name, kind):
    if kind == 'full':
        return name in (REQUIRED_OF['extract'], CONSISTENCY)
    return name in (REQUIRED_OF['full'], 'keys/earlier.vkeys') or name.startswith(('log/tile/', 'earlier/'))


def verify_record(members, key, listed, checkpoint, note):
    """One record, of the bundle itself or in a folder of `earlier/`. `note`: the auditor's own, of whichever record."""
    *notes, rest = members.text('checkpoints.txt').split('----\n')
    if rest != '':
        raise Bad('its last line is cut off', file='checkpoints.txt')
    earlier = [Checkpoint(note, [key, *listed], 'checkpoints.txt') for note in notes]
    hashes = check_tree(members, checkpoint, earlier)
    check_prefixes(hashes, checkpoint, earlier)
    kept = note if note and note.signer.line in [each.line for each in (key, *listed)] else None
    check_kept(kept, checkpoint, lambda size: roots_of(hashes, [size]).get(size))
    events = Events(members.need('events.jsonl'), checkpoint.origin)
    if events.first['event'] == 'log.continued':
        check_continuation(events.first)
    changes = follow_keys(events, hashes, key)
    check_earlier_keys(changes, listed, key, earlier)
    payloads = check_payloads(members, covered_by(events.retentions))
    check_tiles(members, hashes)
    told = [{'entry': entry, 'from': old.fingerprint, 'to': new.fingerprint} for entry, old, new in changes]
    return Record(key, checkpoint, earlier, events, payloads, told)


def verify_full(members, key, listed, checkpoint, kept):
    record = verify_record(members, key, listed, checkpoint, kept)
    events, earlier, payloads = record.events, record.earlier, record.payloads
    continued = verify_continued(members, record, kept)
    check_signed_files(members, key)
    fresh = events.new_emergencies(earlier)
    facts = {
        'kind': 'full',
        'range': {'from': 0, 'to': checkpoint.size - 1},
        'previousCheckpoint': earlier[-1].note if earlier else None,
        'emergencyAccess': {'total': len(events.emergencies), 'sincePrevious': len(fresh)},
        'solePractitioner': any(each.events.sole_practitioner for each in [record, *continued]),
    }
    manifest = check_manifest(members, key, checkpoint, facts)
    return {
        **content_of(manifest, payloads, events),
        'keyChanges': record.changes,
        'continues': [
            {
                'origin': each.checkpoint.origin,
                'treeSize': each.checkpoint.size,
                'rootHash': each.checkpoint.root.hex(),
                'keyFingerprint': each.key.fingerprint,
                'keyChanges': each.changes,
                'emergencyAccess': each.events.emergencies,
                'openRequests': each.events.open,
                'restoredAt': each.events.restored,
            }
            for each in continued
        ],
        'earlierCheckpoints': len(earlier),
        'newEmergencyAccess': fresh,
        'openRequests': events.open,
        'restoredAt': events.restored,
    }


# ---------------------------------------------------------------------------------------------- earlier records


Record = collections.namedtuple('Record', 'key checkpoint earlier events payloads changes')

CONTINUED_FILES = (
    'keys/log.vkey',
    'keys/earlier.vkeys',
    'log/checkpoint',
    'checkpoints.txt',
    'events.jsonl',
    'payloads.jsonl',
)


@contextlib.contextmanager
def in_folder(folder):
    """What is bad in there is named by its place in the bundle."""
    try:
        yield
    except Bad as bad:
        if bad.where['file'] not in ('the bundle', KEPT):
            bad.where = {**bad.where, 'file': folder + bad.where['file']}
        raise


def keys_of_record(members):
    line = members.text('keys/log.vkey')
    key = parse_key(line[:-1] if line.endswith('\n') else line)
    if key is None:
        raise Bad('it is not a verifier key', file='keys/log.vkey')
    return key, earlier_keys(members)


def keys_before(members):
    """The keys of the records that this one continues: believed only when all of them hold."""
    keys = []
    epoch = 0
    while f'earlier/{epoch}/keys/log.vkey' in members:
        with in_folder(f'earlier/{epoch}/'):
            key, listed = keys_of_record(members.inside(f'earlier/{epoch}/'))
        keys += [key, *listed]
        epoch += 1
    return keys


def verify_continued(members, newest, kept):
    """FORMAT.md, "Restored on another computer": the records, oldest first."""
    first = newest.events.first
    epochs = first['data']['epoch'] if first['event'] == 'log.continued' else 0
    check_continued_names(members, epochs)
    records = []
    after, folder_after = newest, ''
    for epoch in reversed(range(epochs)):
        folder = f'earlier/{epoch}/'
        inside = members.inside(folder)
        with in_folder(folder):
            key, listed = keys_of_record(inside)
            checkpoint = Checkpoint(inside.text('log/checkpoint'), [key], 'log/checkpoint')
            record = verify_record(inside, key, listed, checkpoint, kept)
        data = after.events.first['data']
        told = (data['oldOrigin'], data['oldSize'], data['oldRoot'], base64.b64decode(data['oldKeyPublic']))
        is_that = told == (checkpoint.origin, checkpoint.size, checkpoint.root.hex(), key.public_key)
        if not is_that or (record.events.first['event'] == 'log.created') != (epoch == 0):
            raise Bad(
                f'it continues another record than the one in {folder}',
                entry=0,
                file=f'{folder_after}events.jsonl',
            )
        if (record.payloads is None) != (newest.payloads is None):
            raise Bad('the texts of all records are in a bundle, or of none', file=f'{folder}payloads.jsonl')
        records.insert(0, record)
        after, folder_after = record, folder
    return records


def check_continued_names(members, epochs):
    for member in members:
        if not member.name.startswith('earlier/'):
            continue
        match = re.fullmatch(r'earlier/(0|[1-9][0-9]{0,2})/(.+)', member.name)
        is_known = match and (match[2] in CONTINUED_FILES or match[2].startswith('log/tile/'))
        if not is_known or int(match[1]) >= epochs:
            raise Bad('it belongs to no record that this one continues', file=member.name)


def content_of(manifest, payloads, events):
    return {
        **{name: manifest[name] for name in ('clinicalText', 'flavour') if name in manifest},
        'payloads': None if payloads is None else payloads.included,
        'deletedTexts': None if payloads is None else payloads.deleted,
        'emergencyAccess': events.emergencies,
        'solePractitioner': manifest['solePractitioner'],
        'from': events.first['at'],
        'to': events.last['at'],
    }


# ---------------------------------------------------------------------------------------------- extracts


def verify_extract(members, key, checkpoint, kept):
    """FORMAT.md, "Extract"."""
    previous = check_consistency(members, checkpoint)
    known = {checkpoint.size: checkpoint.root}
    if previous:
        known[previous.size] = previous.root
    if kept and kept.size < checkpoint.size and kept.size not in known:
        raise Bad(
            f'an extract is compared with the checkpoint of its own {checkpoint.size} entries, '
            'or with the one in consistency.txt, only; ask for a full bundle',
            file=KEPT,
        )
    check_kept(kept, checkpoint, known.get)
    selection = read_manifest(members).get('selection')
    by = selection.get('by') if isinstance(selection, dict) else None
    if not isinstance(by, str) or by not in SELECTIONS or not has_exactly(SELECTIONS[by], selection):
        raise Bad('it does not say what was selected', file='manifest.json')
    events = Extracted(members, checkpoint, selection)
    if by == 'entries' and events.records != selection['to'] - selection['from'] + 1:
        raise Bad('it lacks entries of the range that was selected', file='events.jsonl')
    claimed = read_manifest(members).get('deletedTexts')
    payloads = check_payloads(members, lambda event: is_count(claimed) and claimed > 0)
    if claimed is not None and (claimed == 0 or payloads is None or payloads.deleted != claimed):
        raise Bad('what it says of "deletedTexts" is not so', file='manifest.json')
    check_signed_files(members, key)
    facts = {'kind': 'extract', 'selection': selection, 'records': events.records}
    facts['previousCheckpoint'] = previous.note if previous else None
    manifest = check_manifest(members, key, checkpoint, facts)
    # An account may have been made at an entry that is not here: then the manifest is believed.
    told = manifest.get('solePractitioner')
    if not isinstance(told, bool) or (events.sole_practitioner and not told):
        raise Bad('what it says of "solePractitioner" is not so', file='manifest.json')
    return {
        **content_of(manifest, payloads, events),
        'selection': selection,
        'records': events.records,
    }


def check_consistency(members, checkpoint):
    """
    The checkpoint that left the computer before, whose tree is proven to be the beginning of this one. Its signature is not
    looked at, since its key may be one of before: whoever has the earlier bundle has that checkpoint.
    """
    if CONSISTENCY not in members:
        return None
    note, dashes, rest = members.text(CONSISTENCY).partition('----\n')
    *lines, last = rest.split('\n')
    hashes = [strict_base64(line) for line in lines]
    are_hashes = all(each is not None and len(each) == 32 for each in hashes)
    if not dashes or last != '' or len(lines) >= MAXIMUM_PROOF_LINES or not are_hashes:
        raise Bad('it is not a proof', file=CONSISTENCY)
    earlier = Checkpoint(note, None, CONSISTENCY)
    fits = earlier.origin == checkpoint.origin and 1 <= earlier.size < checkpoint.size
    if not fits or not is_beginning_of(earlier, hashes, checkpoint):
        raise Bad(
            'it does not prove that the record of an earlier bundle is the beginning of this one',
            file=CONSISTENCY,
        )
    return earlier


def is_beginning_of(earlier, hashes, checkpoint):
    """RFC 9162 section 2.1.4.2, the same proof as RFC 6962's."""
    path = [earlier.root, *hashes] if earlier.size & (earlier.size - 1) == 0 else hashes
    if not path:
        return False
    first, second = earlier.size - 1, checkpoint.size - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            old, new = sha256(b'\1' + sibling + old), sha256(b'\1' + sibling + new)
            while first & 1 == 0 and first != 0:
                first, second = first >> 1, second >> 1
        else:
            new = sha256(b'\1' + new + sibling)
        first, second = first >> 1, second >> 1
    return second == 0 and old == earlier.root and new == checkpoint.root


def is_selected(selection, event):
    if selection['by'] == 'entries':
        return selection['from'] <= event['seq'] <= selection['to']
    if selection['by'] == 'time':
        return selection['from'] <= event['at'] < selection['to']
    if selection['by'] == 'patient':
        return event['patient'] == selection['patient']
    return event['actor']['id'] == selection['user']


class Extracted:
    """
    Each leaf has its proof, is an entry of this format, and was selected. What holds between neighbours in the record
    cannot be seen here.
    """

    def __init__(self, members, checkpoint, selection):
        self.first = None
        self.last = None
        self.emergencies = []
        self.sole_practitioner = False
        self.records = 0
        proofs = proofs_of(members.need('proofs.txt'), members.need('log/checkpoint').bytes())
        for line in members.need('events.jsonl').lines():
            proof = next(proofs, None)
            if proof is None:
                raise Bad(f'it has only {self.records} proofs', file='proofs.txt')
            index, hashes = proof
            if index >= checkpoint.size or (self.last and index <= self.last['seq']):
                raise Bad('its entry is not in the order of the record', file=proof_name(self.records))
            if root_by(hashes, leaf_hash(line), index, checkpoint.size) != checkpoint.root:
                raise bad_entry(
                    index, 'it is not the entry that was signed: its proof does not lead to the signed root'
                )
            event = parse_event(line, index)
            if not is_selected(selection, event):
                raise bad_entry(index, 'it is not one of those that were selected')
            if event['event'] == 'record.break-glass':
                self.emergencies.append(index)
            if is_sole_account(event) or event['actor']['role'] == 'sole-practitioner':
                self.sole_practitioner = True
            self.first = self.first or event
            self.last = event
            self.records += 1
        if next(proofs, None) is not None:
            raise Bad('it proves no entry that is here', file=proof_name(self.records))
        if self.first is None:
            raise Bad('it holds no entry', file='events.jsonl')


def proof_name(before):
    return f'proofs.txt proof {before + 1}'


def proofs_of(member, note):
    """C2SP tlog-proof, each followed by a line of dashes, all about one checkpoint: the index and the hashes."""
    lines = []
    count = 0
    for line in member.lines():
        if line != b'----':
            lines.append(line)
            if len(lines) > MAXIMUM_PROOF_LINES:
                raise Bad('it is not a proof', file=proof_name(count))
            continue
        yield read_proof(lines, note, proof_name(count))
        lines = []
        count += 1
    if lines:
        raise Bad('it is not a proof', file=proof_name(count))


def read_proof(lines, note, file):
    entry = re.fullmatch(rb'index (0|[1-9][0-9]{0,14})', lines[1]) if len(lines) > 1 else None
    if lines[:1] != [b'c2sp.org/tlog-proof@v1'] or entry is None or b'' not in lines[2:]:
        raise Bad('it is not a proof', file=file)
    end = lines.index(b'', 2)
    hashes = [strict_base64(line.decode('latin-1')) for line in lines[2:end]]
    if any(found is None or len(found) != 32 for found in hashes):
        raise Bad('it is not a proof', file=file)
    if b''.join(line + b'\n' for line in lines[end + 1 :]) != note:
        raise Bad('it is about another checkpoint than log/checkpoint', file=file)
    return int(entry[1]), hashes


def root_by(hashes, leaf, index, size):
    """RFC 6962 section 2.1.1, read from the root down: which half the leaf is in, and so on which side each hash."""
    turns = []
    while size > 1:
        left = 1 << (size - 1).bit_length() - 1
        turns.append(index >= left)
        index, size = (index - left, size - left) if index >= left else (index, left)
    if len(turns) != len(hashes):
        return None
    node = leaf
    for is_right, sibling in zip(reversed(turns), hashes):
        node = sha256(b'\1' + sibling + node if is_right else b'\1' + node + sibling)
    return node


# ---------------------------------------------------------------------------------------------- what is said


def describe_trust(summary):
    if not summary['authenticated']:
        return 'consistent, NOT authenticated: no key was given, so anybody could have signed this.'
    if summary['heldKey'] == summary['keyFingerprint']:
        return 'AUTHENTICATED: signed by the key you gave.'
    return 'AUTHENTICATED: signed by a key that the key you gave leads to.'


def describe_change(change, held):
    if change['from'] == held:
        return 'it was signed by the key that you hold'
    return 'to the key that you hold' if change['to'] == held else 'it was signed by both keys'


def listed(entries):
    return ', '.join(map(str, entries))


def describe_content(summary):
    texts = summary['payloads']
    told = 'withheld' if texts is None else f'included, {texts} texts match their commitments'
    if summary['deletedTexts']:
        told += f'; {summary["deletedTexts"]} were deleted after their time'
    return [f'  root         {summary["rootHash"]}', f'  text         {told}']


def describe_maker(summary):
    if summary.get('flavour') == 'development':
        return ['  made by      a DEVELOPMENT build, with made-up patients']
    return []


def describe_keeper(summary):
    if summary['solePractitioner']:
        return ['  kept by      ONE PERSON who also uses it: clinician and administrator are one account']
    return []


def describe_kept(summary):
    size = summary['keptCheckpoint']
    if size is None:
        return []
    return [f'  kept         the checkpoint of {size} entries that you gave is part of this record']
def describe_continued(record, held):
    whose = 'the key that you hold' if record['keyFingerprint'] == held else record['keyFingerprint']
    return [
        f'  continues    {record["origin"]}',
        f'               {record["treeSize"]} entries, closed by a restore from a backup; signed by {whose}',
        *(
            f'               its key changed at entry {change["entry"]}; {describe_change(change, held)}'
            for change in record['keyChanges']
        ),
        f"               access to another's records: {len(record['emergencyAccess'])} entries",
    ]


def describe_full(summary):
    lines = [
        describe_trust(summary),
        f'  record       {summary["origin"]}',
        f'  entries      {summary["treeSize"]}, from {summary["from"]} to {summary["to"]}',
        f'  fingerprint  {summary["keyFingerprint"]}',
        *describe_kept(summary),
    ]
    for change in summary['keyChanges']:
        how = describe_change(change, summary['heldKey'])
        lines.append(f'  key          the key changed at entry {change["entry"]}; {how}')
    for record in summary['continues']:
        lines += describe_continued(record, summary['heldKey'])
    lines += describe_content(summary)
    lines.append(f'  checkpoints  {summary["earlierCheckpoints"]} earlier, each a prefix of this record')
    lines += describe_maker(summary)
    new = summary['newEmergencyAccess']
    lines.append(
        f"  emergency    access to another's records: {len(summary['emergencyAccess'])} entries, "
        f'{len(new)} of them new' + (f' ({listed(new)})' if new else '')
    )
    lines += describe_keeper(summary)
    if summary['openRequests']:
        lines.append(f'  note         requests without an outcome at entries {listed(summary["openRequests"])}')
    if summary['restoredAt']:
        lines.append(
            f'  note         time since start-up fell at entries {listed(summary["restoredAt"])}: '
            'was the machine set back to an earlier state?'
        )
    return '\n'.join(lines)


def describe_extract(summary):
    selection = summary['selection']
    emergencies = summary['emergencyAccess']
    told = {
        'entries': 'entries {from} to {to}',
        'time': 'from {from} until {to}',
        'patient': 'about patient {patient}',
        'user': 'by user {user}',
    }[selection['by']].format(**selection)
    lines = [
        describe_trust(summary),
        f'  record       {summary["origin"]}',
        f'  EXTRACT      {summary["records"]} of {summary["treeSize"]} entries: {told}',
        '  proven       each of them is in the record, at its place',
        '  NOT proven   what stands in the record before and after them'
        if selection['by'] == 'entries'
        else '  NOT proven   that these are all of them: for that, ask for the full bundle',
        f'  time         from {summary["from"]} to {summary["to"]}',
        f'  fingerprint  {summary["keyFingerprint"]}',
        *describe_kept(summary),
    ]
    lines += describe_content(summary)
    lines += describe_maker(summary)
    lines.append(
        f"  emergency    access to another's records: {len(emergencies)} of these entries"
        + (f' ({listed(emergencies)})' if emergencies else '')
    )
    lines += describe_keeper(summary)
    return '\n'.join(lines)


def describe(summary):
    return describe_extract(summary) if summary['kind'] == 'extract' else describe_full(summary)


def describe_bad(bad, remark):
    where = bad.where
    file = f' ({where["file"]})'
    if 'entry' in where:
        return f'BAD at entry {where["entry"]}{file}: {bad.problem}{remark}'
    if 'range' in where:
        first, last = where['range']
        return f'BAD between entries {first} and {last}{file}: {bad.problem}{remark}'
    return f'BAD file {where["file"]}: {bad.problem}'


def say(line):
    sys.stdout.buffer.write(f'{line}\n'.encode('utf-8', 'replace'))


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def report(path, pinned, note, as_json):
    remark = ''
    try:
        members = Members(path)
        remark = sums_remark(members)
        summary = verify_bundle(members, pinned, note)
    except OSError:
        raise
    except Exception as error:
        # A bundle that a stranger made must not look like a crash of this program: what it cannot read is bad.
        bad = error
        if not isinstance(error, Bad):
            bad = Bad(f'it could not be read to its end ({error})', file='the bundle')
        answer = {'ok': False, **bad.where, 'problem': bad.problem}
        say(to_json(answer) if as_json else describe_bad(bad, remark))
        return 1
    say(to_json({'ok': True, **summary}) if as_json else describe(summary))
    return 0


def pinned_key(text):
    """A key line, or a fingerprint with or without what ssh-keygen prints around it; else None."""
    line = text.strip().strip('\ufeff')
    if parse_key(line) is not None:
        return line
    match = re.fullmatch(r'(?:[0-9]+ )?(SHA256:[A-Za-z0-9+/]{43})(?: [^\n]*)?', line)
    return match[1] if match else None


def complain(line):
    print(line, file=sys.stderr)
    return 2


def read_words(words):
    """The path, the files that `--key` and `--checkpoint` name, and whether `--json` was given; None for wrong use."""
    paths = []
    files = {}
    as_json = False
    rest = iter(words)
    for word in rest:
        if word == '--json':
            as_json = True
        elif word in ('--key', '--checkpoint') and word not in files:
            file = next(rest, None)
            if file is None:
                return None
            files[word] = file
        else:
            paths.append(word)
    if len(paths) != 1 or paths[0].startswith('--'):
        return None
    return paths[0], files.get('--key'), files.get('--checkpoint'), as_json


def read_text(path):
    with open(path, 'rb') as file:
        return file.read().decode('utf-8', 'replace')


def main(words):
    given = read_words(words)
    if given is None:
        return complain('usage: python3 verify.py BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]')
    path, key_file, note_file, as_json = given
    try:
        pinned = None
        if key_file is not None:
            pinned = pinned_key(read_text(key_file))
            if pinned is None:
                return complain('The key file holds neither a log.vkey line nor a SHA256: fingerprint.')
        note = None if note_file is None else read_text(note_file)
        return report(path, pinned, note, as_json)
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, str(error))
        return complain(f'The bundle or a file beside it could not be read ({name}).')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
