package main

import (
	"bytes"
	"encoding/binary"
	"io"
)

var little = binary.LittleEndian

// readZip does FORMAT 1. A strict reader: what two unzip programs could read differently is refused.
func readZip(path string, members *Members) error {
	whole, err := placeOf(path)
	if err != nil {
		return err
	}
	file, err := whole.open()
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := directoryOf(file, whole.size)
	if err != nil {
		return err
	}
	heads, err := headsOf(file, end)
	if err != nil {
		return err
	}
	expectedStart := uint64(0)
	for _, head := range heads {
		if members.byName[head.name] != nil {
			return badFile(head.name, "there are two files of this name")
		}
		if head.start != expectedStart {
			return badFile(head.name, "it does not begin where the file before it ends")
		}
		begin, next, err := head.place(file, end.offset)
		if err != nil {
			return err
		}
		place := Place{path: path, facts: whole.facts, offset: int64(begin), size: int64(head.size)}
		member, err := newMember(head.name, place, &head.crc)
		if err != nil {
			return err
		}
		members.add(member)
		expectedStart = next
	}
	if expectedStart != end.offset {
		return badFile("the zip file", "it holds bytes that belong to no file")
	}
	return nil
}

// endRecord says how many files there are, and where their directory stands.
type endRecord struct{ count, size, offset uint64 }

// directoryOf reads the end record, and that of ZIP64 where there is one.
func directoryOf(file io.ReaderAt, fileSize int64) (endRecord, error) {
	end := fileSize - 22
	record, err := readAtOrZeros(file, end, 22)
	if err != nil {
		return endRecord{}, err
	}
	if little.Uint32(record) != 0x06054b50 || little.Uint16(record[20:]) != 0 {
		return endRecord{}, badFile("the zip file", "it is cut off or has something behind its end")
	}
	found := endRecord{
		count:  uint64(little.Uint16(record[10:])),
		size:   uint64(little.Uint32(record[12:])),
		offset: uint64(little.Uint32(record[16:])),
	}
	oneDisk := little.Uint32(record[4:]) == 0 && little.Uint16(record[8:]) == little.Uint16(record[10:])
	directoryEnd := uint64(end)
	wide, err := readAtOrZeros(file, end-76, 76)
	if err != nil {
		return endRecord{}, err
	}
	if little.Uint32(wide[56:]) == 0x07064b50 {
		directoryEnd = uint64(end - 76)
		narrow := found
		found = endRecord{
			count:  little.Uint64(wide[32:]),
			size:   little.Uint64(wide[40:]),
			offset: little.Uint64(wide[48:]),
		}
		agree := little.Uint32(wide) == 0x06064b50 &&
			little.Uint64(wide[4:]) == 44 &&
			little.Uint64(wide[24:]) == found.count &&
			little.Uint64(wide[64:]) == directoryEnd &&
			(narrow.count == found.count || narrow.count == 0xffff) &&
			(narrow.size == found.size || narrow.size == 0xffffffff) &&
			(narrow.offset == found.offset || narrow.offset == 0xffffffff)
		if !agree {
			return endRecord{}, badFile("the zip file", "its ZIP64 end record is broken")
		}
	}
	// Subtracted, because a sum of two such numbers may overflow.
	if !oneDisk || found.offset > directoryEnd || directoryEnd-found.offset != found.size ||
		found.size > maximumWholeBytes {
		return endRecord{}, badFile("the zip file", "its end does not describe its directory")
	}
	return found, nil
}

func readAtOrZeros(file io.ReaderAt, offset, length int64) ([]byte, error) {
	if offset < 0 {
		return make([]byte, length), nil
	}
	return readAt(file, offset, length)
}

// centralHeader is what the directory says of one file.
type centralHeader struct {
	name          string
	flags, method uint16
	crc           uint32
	// In the order in which ZIP64 gives what does not fit into 32 bits.
	size, compressed, start uint64
	// Whether ZIP64 gave one of them.
	wide bool
}

func headsOf(file io.ReaderAt, end endRecord) ([]*centralHeader, error) {
	directory, err := readAt(file, int64(end.offset), int64(end.size))
	if err != nil {
		return nil, err
	}
	var heads []*centralHeader
	position := 0
	for n := uint64(0); n < end.count; n++ {
		head, length, err := readCentralHeader(upTo(directory, position, len(directory)))
		if err != nil {
			return nil, err
		}
		position += length
		heads = append(heads, head)
	}
	if position != len(directory) {
		return nil, badFile("the zip file", "it holds bytes that belong to no file")
	}
	return heads, nil
}

func readCentralHeader(directory []byte) (*centralHeader, int, error) {
	if len(directory) < 46 || little.Uint32(directory) != 0x02014b50 {
		return nil, 0, badFile("the zip file", "its directory is broken")
	}
	nameEnd := 46 + int(little.Uint16(directory[28:]))
	extraEnd := nameEnd + int(little.Uint16(directory[30:]))
	head := &centralHeader{
		name:       latin1(upTo(directory, 46, nameEnd)),
		flags:      little.Uint16(directory[8:]),
		method:     little.Uint16(directory[10:]),
		crc:        little.Uint32(directory[16:]),
		compressed: uint64(little.Uint32(directory[20:])),
		size:       uint64(little.Uint32(directory[24:])),
		start:      uint64(little.Uint32(directory[42:])),
	}
	if little.Uint16(directory[32:]) != 0 {
		return nil, 0, badFile(quoted(head.name), "it has a comment in the zip file")
	}
	if !isMemberName(head.name) {
		return nil, 0, badFile(quoted(head.name), "its name is not one that a bundle may hold")
	}
	if little.Uint32(directory[38:])>>28 != 8 {
		return nil, 0, badFile(head.name, "it is not marked as an ordinary file")
	}
	return head, extraEnd, head.takeWideSizes(upTo(directory, nameEnd, extraEnd))
}

// latin1: only ASCII is allowed in a name, and this way every verifier shows the other bytes as the same characters.
func latin1(name []byte) string {
	characters := make([]rune, len(name))
	for at, c := range name {
		characters[at] = rune(c)
	}
	return string(characters)
}

// upTo is a part of the bytes, or what there is of it.
func upTo(content []byte, from, to int) []byte {
	if to > len(content) {
		to = len(content)
	}
	if from > to {
		from = to
	}
	return content[from:to]
}

// takeWideSizes reads the extra fields: ZIP64's is the only one, because some others give a file a second name.
func (head *centralHeader) takeWideSizes(extra []byte) error {
	if len(extra) == 0 {
		return nil
	}
	head.wide = true
	right := len(extra) >= 4 && little.Uint16(extra) == 1 && int(little.Uint16(extra[2:])) == len(extra)-4
	at := 4
	for _, field := range []*uint64{&head.size, &head.compressed, &head.start} {
		if right && *field == 0xffffffff && at+8 <= len(extra) {
			*field = little.Uint64(extra[at:])
			at += 8
		}
	}
	if !right || at != len(extra) {
		return badFile(head.name, "its header in the zip file has fields that a bundle has not")
	}
	return nil
}

// place gives where the bytes begin, and where the next file must. limit is where the directory begins.
func (head *centralHeader) place(file io.ReaderAt, limit uint64) (begin, next uint64, err error) {
	if limit < 30 || head.start > limit-30 {
		return 0, 0, badFile(head.name, "its local header is missing")
	}
	local, err := readAt(file, int64(head.start), 30)
	if err != nil {
		return 0, 0, err
	}
	if little.Uint32(local) != 0x04034b50 {
		return 0, 0, badFile(head.name, "its local header is missing")
	}
	if head.flags&1 != 0 {
		return 0, 0, badFile(head.name, "it is encrypted")
	}
	nameLength := little.Uint16(local[26:])
	begin = head.start + 30 + uint64(nameLength)
	var name []byte
	if begin <= limit {
		if name, err = readAt(file, int64(head.start)+30, int64(nameLength)); err != nil {
			return 0, 0, err
		}
	}
	hasDescriptor := head.flags&8 != 0
	sums := make([]byte, 12)
	if !hasDescriptor {
		little.PutUint32(sums, head.crc)
		little.PutUint32(sums[4:], uint32(head.compressed))
		little.PutUint32(sums[8:], uint32(head.size))
	}
	fits := hasDescriptor || head.compressed <= 0xffffffff && head.size <= 0xffffffff
	same := little.Uint16(local[6:]) == head.flags &&
		little.Uint16(local[8:]) == head.method &&
		little.Uint16(local[28:]) == 0 &&
		string(name) == head.name &&
		fits && bytes.Equal(local[14:26], sums)
	if !same {
		return 0, 0, badFile(head.name, "its two headers in the zip file differ")
	}
	if head.compressed > limit-begin {
		return 0, 0, badFile(head.name, "it runs into the directory of the zip file")
	}
	// Bit 3: sizes behind the data. Bit 11: names in UTF-8.
	if head.method != 0 || head.compressed != head.size || head.flags&^0x0808 != 0 {
		return 0, 0, badFile(head.name, "it is packed; a bundle stores its files as they are")
	}
	next = begin + head.compressed
	if hasDescriptor {
		length, err := head.descriptorLength(file, next, limit)
		return begin, next + length, err
	}
	return begin, next, nil
}

// descriptorLength checks what stands behind the data: 16 bytes, or 24 with ZIP64.
func (head *centralHeader) descriptorLength(file io.ReaderAt, at, limit uint64) (uint64, error) {
	expected := little.AppendUint32(little.AppendUint32(nil, 0x08074b50), head.crc)
	if head.wide {
		expected = little.AppendUint64(little.AppendUint64(expected, head.compressed), head.size)
	} else {
		expected = little.AppendUint32(little.AppendUint32(expected, uint32(head.compressed)), uint32(head.size))
	}
	length := uint64(len(expected))
	if length <= limit-at {
		found, err := readAt(file, int64(at), int64(length))
		if err != nil {
			return 0, err
		}
		if bytes.Equal(found, expected) {
			return length, nil
		}
	}
	return 0, badFile(head.name, "its data descriptor is broken")
}
