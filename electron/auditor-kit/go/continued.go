package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// FORMAT.md, "Restored on another computer": the records that this one continues, in `earlier/<epoch>/`.

var continuedFiles = map[string]bool{
	"keys/log.vkey":      true,
	"keys/earlier.vkeys": true,
	"log/checkpoint":     true,
	"checkpoints.txt":    true,
	"events.jsonl":       true,
	"payloads.jsonl":     true,
}

var isRestoredOrigin = matches(`cloister\.[a-z0-9.-]{3,200}/[0-9a-f-]{36}/(0|[1-9][0-9]{0,2})`)

var continuationMembers = map[string]check{
	"origin":       isRestoredOrigin,
	"logKey":       isHash,
	"epoch":        isCount,
	"oldOrigin":    isRestoredOrigin,
	"oldSize":      isCount,
	"oldRoot":      isHash,
	"oldKeyPublic": isBase64Of(ed25519.PublicKeySize),
	"newKeyPublic": isBase64Of(ed25519.PublicKeySize),
	"oldSignature": isBase64Of(ed25519.SignatureSize),
	"newSignature": isBase64Of(ed25519.SignatureSize),
}

// epochOf is the number at the end of an origin.
func epochOf(origin string) int64 {
	epoch, _ := strconv.ParseInt(origin[strings.LastIndex(origin, "/")+1:], 10, 64)
	return epoch
}

func isBeginning(first *Event, origin string) bool {
	if first.data["origin"] != origin {
		return false
	}
	if first.event == "log.created" {
		return true
	}
	if first.event != "log.continued" || !hasExactly(continuationMembers, first.data) {
		return false
	}
	epoch, _ := countOf(first.data["epoch"])
	return epoch == epochOf(origin) && epoch == epochOf(first.data["oldOrigin"].(string))+1
}

// checkContinuation: the last key of the record before and the first of this one signed that this one continues it.
func checkContinuation(first *Event) error {
	text := func(name string) string { return first.data[name].(string) }
	old := keyOf(text("oldOrigin"), strictBase64(text("oldKeyPublic")))
	key := keyOf(text("origin"), strictBase64(text("newKeyPublic")))
	if text("logKey") != key.hash() || bytes.Equal(old.publicKey, key.publicKey) {
		return badEntry(0, "it names a key that it does not bring")
	}
	root, err := hex.DecodeString(text("oldRoot"))
	if err != nil {
		return err
	}
	size, _ := countOf(first.data["oldSize"])
	statement := []byte(fmt.Sprintf("cloister/1 log continued\n%s\n%d\n%s\n%s\n%s\n",
		old.name, size, base64.StdEncoding.EncodeToString(root), old.line, key.line))
	if !ed25519.Verify(old.publicKey, statement, strictBase64(text("oldSignature"))) {
		return badEntry(0, "the key of the record before did not sign that it is continued here")
	}
	if !ed25519.Verify(key.publicKey, statement, strictBase64(text("newSignature"))) {
		return badEntry(0, "the key of this record did not sign what it continues")
	}
	return nil
}

// inside are the files of a folder, without its name.
func (members *Members) inside(folder string) *Members {
	inside := &Members{byName: map[string]*Member{}}
	for _, member := range members.inTurn {
		if strings.HasPrefix(member.name, folder) {
			named := *member
			named.name = strings.TrimPrefix(member.name, folder)
			inside.byName[named.name] = &named
			inside.inTurn = append(inside.inTurn, &named)
		}
	}
	return inside
}

// inFolder names what is bad in there by its place in the bundle.
func inFolder(folder string, err error) error {
	var bad *Bad
	if errors.As(err, &bad) && bad.File != "the bundle" && bad.File != keptName {
		moved := *bad
		moved.File = folder + bad.File
		return &moved
	}
	return err
}

func folderOf(epoch int64) string { return fmt.Sprintf("earlier/%d/", epoch) }

// keysOfRecord are the one that signs, and those of before.
func keysOfRecord(members *Members) ([]*Key, error) {
	line, err := members.text("keys/log.vkey")
	if err != nil {
		return nil, err
	}
	key := parseKey(strings.TrimSuffix(line, "\n"))
	if key == nil {
		return nil, badFile("keys/log.vkey", "it is not a verifier key")
	}
	listed, err := earlierKeys(members)
	return append([]*Key{key}, listed...), err
}

// keysBefore are those of the records that this one continues: believed only when all of them hold.
func keysBefore(members *Members) ([]*Key, error) {
	var all []*Key
	for epoch := int64(0); members.byName[folderOf(epoch)+"keys/log.vkey"] != nil; epoch++ {
		keys, err := keysOfRecord(members.inside(folderOf(epoch)))
		if err != nil {
			return nil, inFolder(folderOf(epoch), err)
		}
		all = append(all, keys...)
	}
	return all, nil
}

// verifyContinued gives the records, oldest first.
func verifyContinued(members *Members, newest *Record, kept *Checkpoint) ([]*Record, error) {
	epochs := int64(0)
	if first := newest.events.first; first.event == "log.continued" {
		epochs, _ = countOf(first.data["epoch"])
	}
	if err := checkContinuedNames(members, epochs); err != nil {
		return nil, err
	}
	var records []*Record
	after, folderAfter := newest, ""
	for epoch := epochs - 1; epoch >= 0; epoch-- {
		folder := folderOf(epoch)
		record, err := verifyInside(members.inside(folder), kept)
		if err != nil {
			return nil, inFolder(folder, err)
		}
		if !isContinuationOf(after.events.first, record) ||
			(record.events.first.event == "log.created") != (epoch == 0) {
			entry := int64(0)
			return nil, &Bad{Entry: &entry, File: folderAfter + "events.jsonl",
				Problem: fmt.Sprintf("it continues another record than the one in %s", folder)}
		}
		if (record.payloads == nil) != (newest.payloads == nil) {
			return nil, badFile(folder+"payloads.jsonl", "the texts of all records are in a bundle, or of none")
		}
		records = append([]*Record{record}, records...)
		after, folderAfter = record, folder
	}
	return records, nil
}

func verifyInside(members *Members, kept *Checkpoint) (*Record, error) {
	keys, err := keysOfRecord(members)
	if err != nil {
		return nil, err
	}
	text, err := members.text("log/checkpoint")
	if err != nil {
		return nil, err
	}
	checkpoint, err := openCheckpoint(text, keys[:1], "log/checkpoint")
	if err != nil {
		return nil, err
	}
	return verifyRecord(members, keys[0], keys[1:], checkpoint, kept)
}

func isContinuationOf(first *Event, record *Record) bool {
	size, _ := countOf(first.data["oldSize"])
	return first.data["oldOrigin"] == record.checkpoint.origin &&
		size == record.checkpoint.size &&
		first.data["oldRoot"] == hex.EncodeToString(record.checkpoint.root[:]) &&
		bytes.Equal(strictBase64(first.data["oldKeyPublic"].(string)), record.key.publicKey)
}

var continuedName = regexp.MustCompile(`^earlier/(0|[1-9][0-9]{0,2})/(.+)$`)

func checkContinuedNames(members *Members, epochs int64) error {
	for _, member := range members.inTurn {
		if !strings.HasPrefix(member.name, "earlier/") {
			continue
		}
		match := continuedName.FindStringSubmatch(member.name)
		isKnown := match != nil && (continuedFiles[match[2]] || strings.HasPrefix(match[2], "log/tile/"))
		if !isKnown || epochOf("/"+match[1]) >= epochs {
			return badFile(member.name, "it belongs to no record that this one continues")
		}
	}
	return nil
}

func (record *Record) said() saidRecord {
	return saidRecord{
		Origin:          record.checkpoint.origin,
		TreeSize:        record.checkpoint.size,
		RootHash:        hex.EncodeToString(record.checkpoint.root[:]),
		KeyFingerprint:  record.key.fingerprint(),
		KeyChanges:      record.changes,
		EmergencyAccess: append([]int64{}, record.events.emergencies...),
		OpenRequests:    record.events.openRequests(),
		RestoredAt:      append([]int64{}, record.events.restored...),
	}
}
