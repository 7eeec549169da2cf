import { crc32 } from 'node:zlib';

/** A file of the archive, made when its turn comes. `name` is ASCII. */
export type ZipMember = { readonly name: string; readonly bytes: Iterable<Uint8Array> };

/**
 * A ZIP file whose members are stored as they are (APPNOTE.TXT 6.3.10, method 0, ZIP64 where a number needs it): ordinary
 * files of mode 0644, one time for all, sizes and CRC-32 behind the data. Nothing is kept but the names and the sizes.
 */
export function* storedZip(members: Iterable<ZipMember>): Iterable<Uint8Array> {
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes } of members) {
    const placed = { name: Buffer.from(name, 'ascii'), start: at };
    yield localHeader(placed.name);
    let [size, crc] = [0, 0];
    for (const piece of bytes) {
      crc = crc32(piece, crc);
      size += piece.byteLength;
      yield piece;
    }
    const entry = { ...placed, size, crc, wide: size >= full32 || placed.start >= full32 };
    const descriptor = dataDescriptor(entry);
    yield descriptor;
    at += localHeaderBytes + placed.name.byteLength + size + descriptor.byteLength;
    directory.push(directoryRecord(entry));
  }
  yield* directory;
  const directorySize = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  yield endRecords(directory.length, directorySize, at);
}

type Entry = {
  readonly name: Buffer;
  readonly start: number;
  readonly size: number;
  readonly crc: number;
  /** ZIP64 gives its numbers. */
  readonly wide: boolean;
};

/** Stands where ZIP64 gives the number; so the number itself cannot be this large. */
const full16 = 0xffff;
const full32 = 0xffff_ffff;
const localHeaderBytes = 30;
/** Bit 3: sizes behind the data. Bit 11: the name is UTF-8. */
const flags = 0x0808;
const stored = 0;
/** 1980-01-01 12:00:00, in the format of MS-DOS. */
const time = { time: 12 << 11, date: (1 << 5) | 1 };
const versionNeeded = 20;
const versionNeededForZip64 = 45;
/** Unix, whose file modes follow; version 6.3 of the specification. */
const madeBy = (3 << 8) | 63;
const ordinaryFile = 0o100_644;

function localHeader(name: Buffer): Buffer {
  const header = Buffer.alloc(localHeaderBytes);
  header.writeUInt32LE(0x0403_4b50, 0);
  header.writeUInt16LE(versionNeeded, 4);
  writeKind(header, 6);
  header.writeUInt16LE(name.byteLength, 26);
  return Buffer.concat([header, name]);
}

/** Flags, method, time and date, which stand one after the other in both headers. */
function writeKind(header: Buffer, offset: number): void {
  header.writeUInt16LE(flags, offset);
  header.writeUInt16LE(stored, offset + 2);
  header.writeUInt16LE(time.time, offset + 4);
  header.writeUInt16LE(time.date, offset + 6);
}

function dataDescriptor({ size, crc, wide }: Entry): Buffer {
  const descriptor = Buffer.alloc(wide ? 24 : 16);
  descriptor.writeUInt32LE(0x0807_4b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  // Packed and as it is: the same, where nothing is packed.
  if (wide) {
    descriptor.writeBigUInt64LE(BigInt(size), 8);
    descriptor.writeBigUInt64LE(BigInt(size), 16);
  } else {
    descriptor.writeUInt32LE(size, 8);
    descriptor.writeUInt32LE(size, 12);
  }
  return descriptor;
}

function directoryRecord({ name, start, size, crc, wide }: Entry): Buffer {
  const extra = Buffer.alloc(wide ? 28 : 0);
  if (wide) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    for (const [place, value] of [size, size, start].entries())
      extra.writeBigUInt64LE(BigInt(value), 4 + 8 * place);
  }
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x0201_4b50, 0);
  record.writeUInt16LE(madeBy, 4);
  record.writeUInt16LE(wide ? versionNeededForZip64 : versionNeeded, 6);
  writeKind(record, 8);
  record.writeUInt32LE(crc, 16);
  record.writeUInt32LE(wide ? full32 : size, 20);
  record.writeUInt32LE(wide ? full32 : size, 24);
  record.writeUInt16LE(name.byteLength, 28);
  record.writeUInt16LE(extra.byteLength, 30);
  record.writeUInt16LE(ordinaryFile, 40);
  record.writeUInt32LE(wide ? full32 : start, 42);
  return Buffer.concat([record, name, extra]);
}

function endRecords(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(Math.min(count, full16), 8);
  end.writeUInt16LE(Math.min(count, full16), 10);
  end.writeUInt32LE(Math.min(size, full32), 12);
  end.writeUInt32LE(Math.min(start, full32), 16);
  if (count < full16 && size < full32 && start < full32) return end;
  const wide = Buffer.alloc(56);
  wide.writeUInt32LE(0x0606_4b50, 0);
  wide.writeBigUInt64LE(BigInt(wide.byteLength - 12), 4);
  wide.writeUInt16LE(madeBy, 12);
  wide.writeUInt16LE(versionNeededForZip64, 14);
  for (const [place, value] of [count, count, size, start].entries())
    wide.writeBigUInt64LE(BigInt(value), 24 + 8 * place);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x0706_4b50, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([wide, locator, end]);
}
