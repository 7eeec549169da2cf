package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Lines of a proof: a tree of 2^53 leaves has 53 levels; the checkpoint has 5 lines.
const maximumProofLines = 64

// FORMAT.md, "Extract".
var selections = map[string]map[string]check{
	"entries": {"by": isText, "from": isCount, "to": isCount},
	"time":    {"by": isText, "from": isTime, "to": isTime},
	"patient": {"by": isText, "patient": matches(`[0-9a-f]{32}`)},
	"user":    {"by": isText, "user": isUUID},
}

// Selection says which entries were taken out of the record.
type Selection map[string]any

func (selection Selection) count(name string) int64 {
	count, _ := countOf(selection[name])
	return count
}

func (selection Selection) takes(event *Event) bool {
	switch selection["by"] {
	case "entries":
		return selection.count("from") <= event.seq && event.seq <= selection.count("to")
	case "time":
		return selection["from"].(string) <= event.at && event.at < selection["to"].(string)
	case "patient":
		return event.patient == selection["patient"]
	}
	return event.actor["id"] == selection["user"]
}

func (selection Selection) String() string {
	switch selection["by"] {
	case "entries":
		return fmt.Sprintf("entries %d to %d", selection.count("from"), selection.count("to"))
	case "time":
		return fmt.Sprintf("from %s until %s", selection["from"], selection["to"])
	case "patient":
		return fmt.Sprintf("about patient %s", selection["patient"])
	}
	return fmt.Sprintf("by user %s", selection["user"])
}

func (opened *Opened) verifyExtract() error {
	members, summary := opened.members, opened.summary
	previous, err := opened.checkConsistency()
	if err != nil {
		return err
	}
	known := map[int64]tlog.Hash{opened.checkpoint.size: opened.checkpoint.root}
	var previousNote any
	if previous != nil {
		known[previous.size] = previous.root
		previousNote = previous.note
	}
	if opened.kept != nil && opened.kept.size < opened.checkpoint.size {
		if _, is := known[opened.kept.size]; !is {
			return badFile(keptName, "an extract is compared with the checkpoint of its own %d entries, "+
				"or with the one in consistency.txt, only; ask for a full bundle", opened.checkpoint.size)
		}
	}
	own := func(size int64, root tlog.Hash) bool { return root == known[size] }
	if err := checkKept(opened.kept, opened.checkpoint, own); err != nil {
		return err
	}
	manifest, err := readManifest(members)
	if err != nil {
		return err
	}
	selection, _ := manifest["selection"].(map[string]any)
	by, _ := selection["by"].(string)
	if form := selections[by]; form == nil || !hasExactly(form, manifest["selection"]) {
		return badFile("manifest.json", "it does not say what was selected")
	}
	events, records, err := opened.checkExtracted(selection)
	if err != nil {
		return err
	}
	chosen := Selection(selection)
	if by == "entries" && records != chosen.count("to")-chosen.count("from")+1 {
		return badFile("events.jsonl", "it lacks entries of the range that was selected")
	}
	claimed, isClaimed := manifest["deletedTexts"]
	deleted, isCountOf := countOf(claimed)
	mayLack := func(_, _ int64) bool { return isCountOf && deleted > 0 }
	payloads, err := checkPayloads(members, mayLack)
	if err != nil {
		return err
	}
	if isClaimed && (deleted == 0 || payloads == nil || !isCountOf || payloads.deleted != deleted) {
		return badFile("manifest.json", `what it says of "deletedTexts" is not so`)
	}
	summary.takePayloads(payloads)
	if err := checkSignedFiles(members, opened.key); err != nil {
		return err
	}
	manifest, err = opened.checkManifest([]fact{
		{"kind", "extract"}, {"selection", selection}, {"records", records},
		{"previousCheckpoint", previousNote},
	})
	if err != nil {
		return err
	}
	// An account may have been made at an entry that is not here: then the manifest is believed.
	sole, isTold := manifest["solePractitioner"].(bool)
	if !isTold || (events.solePractitioner && !sole) {
		return badFile("manifest.json", `what it says of "solePractitioner" is not so`)
	}
	summary.take(manifest, events)
	summary.saidExtract = &saidExtract{Selection: chosen, Records: records}
	return nil
}

// checkConsistency gives the checkpoint that left the computer before, whose tree is proven to be the beginning of this one,
// or nil. Its signature is not looked at, since its key may be one of before: whoever has the earlier bundle has that
// checkpoint.
func (opened *Opened) checkConsistency() (*Checkpoint, error) {
	if opened.members.byName[consistencyName] == nil {
		return nil, nil
	}
	text, err := opened.members.text(consistencyName)
	if err != nil {
		return nil, err
	}
	note, rest, has := strings.Cut(text, "----\n")
	lines := strings.Split(rest, "\n")
	noProof := badFile(consistencyName, "it is not a proof")
	if !has || lines[len(lines)-1] != "" || len(lines) > maximumProofLines {
		return nil, noProof
	}
	var proof tlog.TreeProof
	for _, line := range lines[:len(lines)-1] {
		hash, content := tlog.Hash{}, strictBase64(line)
		if copy(hash[:], content); len(content) != tlog.HashSize {
			return nil, noProof
		}
		proof = append(proof, hash)
	}
	earlier, err := readCheckpoint(note, consistencyName)
	if err != nil {
		return nil, err
	}
	newest := opened.checkpoint
	fits := earlier.origin == newest.origin && 1 <= earlier.size && earlier.size < newest.size
	if !fits || tlog.CheckTree(proof, newest.size, newest.root, earlier.size, earlier.root) != nil {
		return nil, badFile(consistencyName,
			"it does not prove that the record of an earlier bundle is the beginning of this one")
	}
	return earlier, nil
}

// checkExtracted: each leaf has its proof, is an entry of this format, and was selected. What holds between neighbours in
// the record cannot be seen here.
func (opened *Opened) checkExtracted(selection Selection) (*Events, int64, error) {
	note, err := opened.members.byName["log/checkpoint"].bytes()
	if err != nil {
		return nil, 0, err
	}
	lines, err := opened.members.byName["proofs.txt"].lines()
	if err != nil {
		return nil, 0, err
	}
	defer lines.close()
	proofs := &Proofs{lines: lines, note: note}
	events := &Events{}
	err = opened.members.byName["events.jsonl"].eachLine(func(number int64, line []byte) error {
		index, hashes, err := proofs.next()
		if err == io.EOF {
			return badFile("proofs.txt", "it has only %d proofs", number)
		}
		if err != nil {
			return err
		}
		checkpoint := opened.checkpoint
		if index >= checkpoint.size || (events.last != nil && index <= events.last.seq) {
			return badFile(proofName(number), "its entry is not in the order of the record")
		}
		leaf := tlog.RecordHash(line)
		if tlog.CheckRecord(hashes, checkpoint.size, checkpoint.root, index, leaf) != nil {
			return badEntry(index, "it is not the entry that was signed: its proof does not lead to the signed root")
		}
		event, err := parseEvent(line, index)
		if err != nil {
			return err
		}
		if !selection.takes(event) {
			return badEntry(index, "it is not one of those that were selected")
		}
		events.takeAlone(event)
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	if _, _, err := proofs.next(); err == nil {
		return nil, 0, badFile(proofName(proofs.read-1), "it proves no entry that is here")
	} else if err != io.EOF {
		return nil, 0, err
	}
	if events.first == nil {
		return nil, 0, badFile("events.jsonl", "it holds no entry")
	}
	return events, proofs.read, nil
}

func proofName(before int64) string { return fmt.Sprintf("proofs.txt proof %d", before+1) }

// Proofs gives one C2SP tlog-proof after the other. A line of dashes follows each; all are about the checkpoint of note.
type Proofs struct {
	lines *Lines
	note  []byte
	read  int64
}

var indexLine = regexp.MustCompile(`^index (0|[1-9][0-9]{0,14})$`)

// next gives io.EOF behind the last proof.
func (proofs *Proofs) next() (int64, tlog.RecordProof, error) {
	noProof := badFile(proofName(proofs.read), "it is not a proof")
	var lines [][]byte
	for {
		line, err := proofs.lines.next()
		if err == io.EOF && len(lines) > 0 {
			err = noProof
		}
		if err != nil {
			return 0, nil, err
		}
		if string(line) == "----" {
			break
		}
		if lines = append(lines, line); len(lines) > maximumProofLines {
			return 0, nil, noProof
		}
	}
	if len(lines) < 3 || string(lines[0]) != "c2sp.org/tlog-proof@v1" {
		return 0, nil, noProof
	}
	match := indexLine.FindSubmatch(lines[1])
	if match == nil {
		return 0, nil, noProof
	}
	index, _ := strconv.ParseInt(string(match[1]), 10, 64)
	var hashes tlog.RecordProof
	rest := lines[2:]
	for ; len(rest) > 0 && len(rest[0]) > 0; rest = rest[1:] {
		hash, content := tlog.Hash{}, strictBase64(string(rest[0]))
		if copy(hash[:], content); len(content) != tlog.HashSize {
			return 0, nil, noProof
		}
		hashes = append(hashes, hash)
	}
	if len(rest) == 0 {
		return 0, nil, noProof
	}
	about := append(bytes.Join(rest[1:], []byte("\n")), '\n')
	if !bytes.Equal(about, proofs.note) {
		return 0, nil, badFile(proofName(proofs.read), "it is about another checkpoint than log/checkpoint")
	}
	proofs.read++
	return index, hashes, nil
}

// takeAlone notes a leaf without those before it.
func (events *Events) takeAlone(event *Event) {
	if event.event == "record.break-glass" {
		events.emergencies = append(events.emergencies, event.seq)
	}
	if event.isSoleAccount() || event.actor["role"] == "sole-practitioner" {
		events.solePractitioner = true
	}
	if events.first == nil {
		events.first = event
	}
	events.last = event
}
