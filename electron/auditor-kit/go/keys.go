package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const namespace = "cloister-audit-bundle"

// Key is a verifier key of C2SP signed-note: `<name>+<id>+<base64(0x01 || key)>`.
type Key struct {
	name      string
	line      string
	publicKey ed25519.PublicKey
	verifier  note.Verifier
}

var keyLine = regexp.MustCompile(`^([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$`)

// parseKey is nil unless the line is one. The package checks the id; that the line has but one form is checked here.
func parseKey(line string) *Key {
	match := keyLine.FindStringSubmatch(line)
	if match == nil {
		return nil
	}
	blob := strictBase64(match[3])
	verifier, err := note.NewVerifier(line)
	if err != nil || len(blob) != 33 {
		return nil
	}
	return &Key{name: match[1], line: line, publicKey: blob[1:], verifier: verifier}
}

// keyOf is nil where the record has a name that no key can have.
func keyOf(name string, publicKey ed25519.PublicKey) *Key {
	line, err := note.NewEd25519VerifierKey(name, publicKey)
	if err != nil {
		return nil
	}
	return parseKey(line)
}

func (key *Key) ssh() []byte {
	return append(sshString([]byte("ssh-ed25519")), sshString(key.publicKey)...)
}

func (key *Key) fingerprint() string {
	sum := sha256.Sum256(key.ssh())
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// hash is that of the leaves: SHA-256 of the raw key in hex.
func (key *Key) hash() string {
	sum := sha256.Sum256(key.publicKey)
	return hex.EncodeToString(sum[:])
}

// strictBase64 is nil unless the text is the one canonical form of at least a byte.
func strictBase64(text string) []byte {
	content, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || text == "" || base64.StdEncoding.EncodeToString(content) != text {
		return nil
	}
	return content
}

// earlierKeys are those that signed before this one, oldest first: believed only when the entries say the same.
func earlierKeys(members *Members) ([]*Key, error) {
	const file = "keys/earlier.vkeys"
	if members.byName[file] == nil {
		return nil, nil
	}
	text, err := members.text(file)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] != "" {
		return nil, badFile(file, "its last line is cut off")
	}
	if len(lines) == 1 {
		return nil, badFile(file, "it lists no key")
	}
	var keys []*Key
	for _, line := range lines[:len(lines)-1] {
		key := parseKey(line)
		if key == nil {
			return nil, badFile(file, "it is not a list of verifier keys")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sshString is that of RFC 4251: length in 32 bits, then the bytes.
func sshString(content []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...)
}

var sshArmor = regexp.MustCompile(
	`^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n$`)

// checkSSHSignature knows the whole blob of PROTOCOL.sshsig but for the signature, so it is rebuilt and compared.
func checkSSHSignature(armor string, message []byte, key *Key) error {
	const file = "SHA256SUMS.sshsig"
	var blob []byte
	if match := sshArmor.FindStringSubmatch(armor); match != nil {
		blob = strictBase64(strings.ReplaceAll(match[1], "\n", ""))
	}
	signature := blob
	if len(blob) > ed25519.SignatureSize {
		signature = blob[len(blob)-ed25519.SignatureSize:]
	}
	var fields []byte
	for _, field := range []string{namespace, "", "sha512"} {
		fields = append(fields, sshString([]byte(field))...)
	}
	expected := append([]byte("SSHSIG\x00\x00\x00\x01"), sshString(key.ssh())...)
	expected = append(expected, fields...)
	expected = append(expected, sshString(append(sshString([]byte("ssh-ed25519")), sshString(signature)...))...)
	if !bytes.Equal(blob, expected) {
		return badFile(file, "it is not a signature of the key in keys/log.vkey")
	}
	sum := sha512.Sum512(message)
	signed := append(append([]byte("SSHSIG"), fields...), sshString(sum[:])...)
	if !ed25519.Verify(key.publicKey, signed, signature) {
		return badFile(file, "the signature does not fit SHA256SUMS")
	}
	return nil
}

// Checkpoint is one of C2SP tlog-checkpoint, signed by one of the keys.
type Checkpoint struct {
	origin string
	size   int64
	root   [32]byte
	note   string
	signer *Key
}

// Three lines and one signature: the package takes more of both.
var checkpointNote = regexp.MustCompile(
	`^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— [^ \n]+ ([A-Za-z0-9+/=]+)\n$`)

// readCheckpoint does not look at who signed it.
func readCheckpoint(text, file string) (*Checkpoint, error) {
	match := checkpointNote.FindStringSubmatch(text)
	if match == nil || strictBase64(match[3]) == nil || strictBase64(match[4]) == nil {
		return nil, badFile(file, "it is not a checkpoint")
	}
	size, err := strconv.ParseInt(match[2], 10, 64)
	if err != nil {
		return nil, badFile(file, "it is not a checkpoint")
	}
	checkpoint := &Checkpoint{origin: match[1], size: size, note: text}
	copy(checkpoint.root[:], strictBase64(match[3]))
	return checkpoint, nil
}

func openCheckpoint(text string, keys []*Key, file string) (*Checkpoint, error) {
	checkpoint, err := readCheckpoint(text, file)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if _, err := note.Open([]byte(text), note.VerifierList(key.verifier)); err == nil {
			checkpoint.signer = key
			return checkpoint, nil
		}
	}
	if len(keys) > 1 {
		return nil, badFile(file, "its signature is not one of the keys in keys/")
	}
	return nil, badFile(file, "its signature is not one of the key in keys/log.vkey")
}

func earlierCheckpoints(members *Members, keys []*Key) ([]*Checkpoint, error) {
	const file = "checkpoints.txt"
	text, err := members.text(file)
	if err != nil {
		return nil, err
	}
	notes := strings.Split(text, "----\n")
	if notes[len(notes)-1] != "" {
		return nil, badFile(file, "its last line is cut off")
	}
	var earlier []*Checkpoint
	for _, text := range notes[:len(notes)-1] {
		checkpoint, err := openCheckpoint(text, keys, file)
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, checkpoint)
	}
	return earlier, nil
}
