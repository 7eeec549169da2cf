package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// No file that is read as a whole comes near it.
const maximumWholeBytes = 1 << 27

// Bytes read at a time: a bundle may be larger than the memory.
const chunkBytes = 1 << 20

// Place is where the bytes of a file stand: in a file of their own, or in the zip file.
type Place struct {
	path   string
	facts  os.FileInfo
	offset int64
	size   int64
}

func placeOf(path string) (Place, error) {
	facts, err := os.Stat(path)
	if err != nil {
		return Place{}, err
	}
	return Place{path: path, facts: facts, size: facts.Size()}, nil
}

// open takes care that all reads of a file see what was there the first time.
func (place Place) open() (*os.File, error) {
	file, err := os.Open(place.path)
	if err != nil {
		return nil, err
	}
	now, err := file.Stat()
	if err == nil && !(os.SameFile(now, place.facts) && now.Size() == place.facts.Size() &&
		now.ModTime().Equal(place.facts.ModTime())) {
		err = badFile("the bundle", "it changed while it was read")
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (place Place) read(use func(io.Reader) error) error {
	file, err := place.open()
	if err != nil {
		return err
	}
	defer file.Close()
	return use(io.NewSectionReader(file, place.offset, place.size))
}

func readAt(file io.ReaderAt, offset, length int64) ([]byte, error) {
	content := make([]byte, length)
	if count, err := file.ReadAt(content, offset); int64(count) < length {
		if err == io.EOF {
			err = badFile("the bundle", "it ends before its end")
		}
		return nil, err
	}
	return content, nil
}

// Member is a file of the bundle. Its sum is SHA-256 in hex; it is intact where its checksum in the zip file is right.
type Member struct {
	name   string
	place  Place
	sum    string
	intact bool
}

// newMember reads the file once. crc is what the zip file says of it.
func newMember(name string, place Place, crc *uint32) (*Member, error) {
	sum, check := sha256.New(), crc32.NewIEEE()
	err := place.read(func(content io.Reader) error {
		count, err := io.CopyBuffer(io.MultiWriter(sum, check), content, make([]byte, chunkBytes))
		if err == nil && count != place.size {
			err = badFile("the bundle", "it ends before its end")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Member{
		name:   name,
		place:  place,
		sum:    hex.EncodeToString(sum.Sum(nil)),
		intact: crc == nil || *crc == check.Sum32(),
	}, nil
}

func (member *Member) bytes() ([]byte, error) {
	if member.place.size > maximumWholeBytes {
		return nil, badFile(member.name, "it is much too large")
	}
	var content []byte
	err := member.place.read(func(reader io.Reader) (err error) {
		content, err = io.ReadAll(reader)
		return err
	})
	return content, err
}

// holds says whether a member is there and holds exactly these bytes.
func (member *Member) holds(content []byte) bool {
	sum := sha256.Sum256(content)
	return member != nil && member.sum == hex.EncodeToString(sum[:])
}

// Lines gives the lines of a member one after the other, without their newlines. Who opens it closes it.
type Lines struct {
	name   string
	file   *os.File
	reader *bufio.Reader
}

func (member *Member) lines() (*Lines, error) {
	file, err := member.place.open()
	if err != nil {
		return nil, err
	}
	content := io.NewSectionReader(file, member.place.offset, member.place.size)
	return &Lines{name: member.name, file: file, reader: bufio.NewReaderSize(content, chunkBytes)}, nil
}

func (lines *Lines) close() { lines.file.Close() }

// next gives io.EOF behind the last line.
func (lines *Lines) next() ([]byte, error) {
	line, err := lines.reader.ReadBytes('\n')
	if err == io.EOF && len(line) > 0 {
		return nil, badFile(lines.name, "its last line is cut off")
	}
	if err != nil {
		return nil, err
	}
	return line[:len(line)-1], nil
}

// eachLine stops at the first error of use.
func (member *Member) eachLine(use func(index int64, line []byte) error) error {
	lines, err := member.lines()
	if err != nil {
		return err
	}
	defer lines.close()
	for index := int64(0); ; index++ {
		line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = use(index, line)
		}
		if err != nil {
			return err
		}
	}
}

// Members are the files of the bundle, by name and in the order in which they were found.
type Members struct {
	byName map[string]*Member
	inTurn []*Member
}

func (members *Members) add(member *Member) {
	members.byName[member.name] = member
	members.inTurn = append(members.inTurn, member)
}

func (members *Members) need(name string) (*Member, error) {
	if member := members.byName[name]; member != nil {
		return member, nil
	}
	return nil, badFile(name, "it is missing")
}

func (members *Members) text(name string) (string, error) {
	member, err := members.need(name)
	if err != nil {
		return "", err
	}
	content, err := member.bytes()
	return string(content), err
}

func readMembers(path string) (*Members, error) {
	facts, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	members := &Members{byName: map[string]*Member{}}
	if !facts.IsDir() {
		return members, readZip(path, members)
	}
	names, err := namesIn(path, "")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		place, err := placeOf(filepath.Join(path, name))
		if err != nil {
			return nil, err
		}
		member, err := newMember(name, place, nil)
		if err != nil {
			return nil, err
		}
		members.add(member)
	}
	return members, nil
}

// namesIn refuses links and never follows them. folder is its name with a slash, or nothing.
func namesIn(root, folder string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := folder + entry.Name()
		if entry.IsDir() {
			inside, err := namesIn(root, name+"/")
			if err != nil {
				return nil, err
			}
			names = append(names, inside...)
		} else if !entry.Type().IsRegular() {
			return nil, badFile(name, "it is not an ordinary file")
		} else if !isMemberName(name) {
			return nil, badFile(quoted(name), "its name is not one that a bundle may hold")
		} else {
			names = append(names, name)
		}
	}
	return names, nil
}

var memberName = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)

func isMemberName(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return memberName.MatchString(name)
}

// quoted is a name as JSON, whatever bytes it has.
func quoted(name string) string {
	var text bytes.Buffer
	writeString(&text, strings.ToValidUTF8(name, "\ufffd"))
	return text.String()
}
