package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

var required = []string{
	"README.txt",
	"manifest.json",
	"keys/log.vkey",
	"keys/allowed_signers",
	"log/checkpoint",
	"events.jsonl",
}

// What one of the two kinds of bundle must have, and the other must not.
const fullOnly, extractOnly = "checkpoints.txt", "proofs.txt"
const consistencyName = "consistency.txt"

func isUnlisted(name string) bool { return name == "SHA256SUMS" || name == "SHA256SUMS.sshsig" }

// Opened is a bundle whose newest checkpoint is known to be the key's.
type Opened struct {
	members    *Members
	key        *Key
	listed     []*Key
	checkpoint *Checkpoint
	kept       *Checkpoint
	summary    *Summary
}

// verifyBundle goes from the most telling to the least: an entry is named before the file that it stands in, and a broken
// signature before what the unsigned list says. Nothing of it may fail. pinned is a `log.vkey` line, a fingerprint or "";
// note a checkpoint that left the computer earlier.
func verifyBundle(members *Members, pinned string, note *string) (*Summary, error) {
	kind, err := kindOf(members)
	if err != nil {
		return nil, err
	}
	own := fullOnly
	if kind == "extract" {
		own = extractOnly
	}
	for _, name := range append(append([]string{}, required...), own, "SHA256SUMS", "SHA256SUMS.sshsig") {
		if _, err := members.need(name); err != nil {
			return nil, err
		}
	}
	for _, member := range members.inTurn {
		if kind == "full" && (member.name == extractOnly || member.name == consistencyName) {
			return nil, badFile(member.name, "only an extract has it")
		}
		if kind == "extract" && (member.name == fullOnly || member.name == "keys/earlier.vkeys" ||
			strings.HasPrefix(member.name, "log/tile/") || strings.HasPrefix(member.name, "earlier/")) {
			return nil, badFile(member.name, "no extract has it")
		}
	}
	keys, before, held, err := findKeys(members, pinned)
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
	summary := &Summary{
		OK:             true,
		Kind:           kind,
		Origin:         checkpoint.origin,
		TreeSize:       checkpoint.size,
		RootHash:       hex.EncodeToString(checkpoint.root[:]),
		KeyFingerprint: keys[0].fingerprint(),
		Authenticated:  pinned != "",
	}
	if held != nil {
		fingerprint := held.fingerprint()
		summary.HeldKey = &fingerprint
	}
	var kept *Checkpoint
	all := append(append([]*Key{}, keys...), before...)
	if note != nil {
		if kept, err = openCheckpoint(*note, all, keptName); err != nil {
			return nil, err
		}
		summary.KeptCheckpoint = &kept.size
	}
	opened := &Opened{members, keys[0], keys[1:], checkpoint, kept, summary}
	if kind == "extract" {
		return summary, opened.verifyExtract()
	}
	return summary, opened.verifyFull()
}

// keptName is what the auditor's own file is called in an answer.
const keptName = "the checkpoint that you gave"

// checkKept wants what the auditor's own checkpoint signs to be the beginning of this record. Alone, a bundle cannot tell
// that its record was set back or written anew by somebody with all keys.
func checkKept(kept, checkpoint *Checkpoint, hasRoot func(int64, tlog.Hash) bool) error {
	if kept == nil {
		return nil
	}
	if kept.size > checkpoint.size {
		return badFile(keptName,
			"it is of %d entries, and this bundle is of %d: the record was set back, or the bundle is older",
			kept.size, checkpoint.size)
	}
	if !hasRoot(kept.size, kept.root) {
		return &Bad{Range: &[2]int64{0, kept.size - 1}, File: keptName,
			Problem: fmt.Sprintf("the record of %d entries that it signs is not part of this one", kept.size)}
	}
	return nil
}

// kindOf checks what is not an extract as a full bundle, which asks for more.
func kindOf(members *Members) (string, error) {
	if members.byName["manifest.json"] == nil {
		return "full", nil
	}
	manifest, err := readManifest(members)
	if manifest["kind"] == "extract" {
		return "extract", nil
	}
	return "full", err
}

// Record is one that was verified: the bundle's own, or one in a folder of `earlier/`.
type Record struct {
	key        *Key
	checkpoint *Checkpoint
	earlier    []*Checkpoint
	events     *Events
	payloads   *Payloads
	changes    []saidChange
}

// note is the auditor's own checkpoint, of whichever record.
func verifyRecord(members *Members, key *Key, listed []*Key, checkpoint, note *Checkpoint) (*Record, error) {
	earlier, err := earlierCheckpoints(members, append([]*Key{key}, listed...))
	if err != nil {
		return nil, err
	}
	if _, err := members.need("events.jsonl"); err != nil {
		return nil, err
	}
	tree, err := checkTree(members, checkpoint, earlier)
	if err != nil {
		return nil, err
	}
	if err := checkPrefixes(tree, checkpoint, earlier); err != nil {
		return nil, err
	}
	var kept *Checkpoint
	for _, each := range append([]*Key{key}, listed...) {
		if note != nil && note.signer.line == each.line {
			kept = note
		}
	}
	if err := checkKept(kept, checkpoint, tree.hasRoot); err != nil {
		return nil, err
	}
	events, err := checkEvents(members, checkpoint.origin)
	if err != nil {
		return nil, err
	}
	if events.first.event == "log.continued" {
		if err := checkContinuation(events.first); err != nil {
			return nil, err
		}
	}
	changes, err := followKeys(events, tree, key)
	if err != nil {
		return nil, err
	}
	if err := checkEarlierKeys(changes, listed, key, earlier); err != nil {
		return nil, err
	}
	payloads, err := checkPayloads(members, coveredBy(events.retentions))
	if err != nil {
		return nil, err
	}
	if err := checkTiles(members, tree); err != nil {
		return nil, err
	}
	said := []saidChange{}
	for _, change := range changes {
		said = append(said, saidChange{change.entry, change.from.fingerprint(), change.to.fingerprint()})
	}
	return &Record{key, checkpoint, earlier, events, payloads, said}, nil
}

func (opened *Opened) verifyFull() error {
	members, key, checkpoint, summary := opened.members, opened.key, opened.checkpoint, opened.summary
	record, err := verifyRecord(members, key, opened.listed, checkpoint, opened.kept)
	if err != nil {
		return err
	}
	events, earlier := record.events, record.earlier
	summary.takePayloads(record.payloads)
	continued, err := verifyContinued(members, record, opened.kept)
	if err != nil {
		return err
	}
	if err := checkSignedFiles(members, key); err != nil {
		return err
	}
	isSole := events.solePractitioner
	for _, each := range continued {
		isSole = isSole || each.events.solePractitioner
	}
	fresh := events.newEmergencies(earlier)
	var previous any
	if len(earlier) > 0 {
		previous = earlier[len(earlier)-1].note
	}
	manifest, err := opened.checkManifest([]fact{
		{"kind", "full"},
		{"range", map[string]any{"from": int64(0), "to": checkpoint.size - 1}},
		{"previousCheckpoint", previous},
		{"emergencyAccess", map[string]any{
			"total":         int64(len(events.emergencies)),
			"sincePrevious": int64(len(fresh)),
		}},
		{"solePractitioner", isSole},
	})
	if err != nil {
		return err
	}
	summary.take(manifest, events)
	whole := &saidWhole{
		KeyChanges:         record.changes,
		Continues:          []saidRecord{},
		EarlierCheckpoints: len(earlier),
		NewEmergencyAccess: fresh,
		OpenRequests:       events.openRequests(),
		RestoredAt:         append([]int64{}, events.restored...),
	}
	for _, each := range continued {
		whole.Continues = append(whole.Continues, each.said())
	}
	summary.saidWhole = whole
	return nil
}

// findKeys gives the key that signs and those of before, oldest first, the keys of earlier records, and which of them the
// auditor holds (FORMAT 2).
func findKeys(members *Members, pinned string) (keys, before []*Key, held *Key, err error) {
	keys, err = keysOfRecord(members)
	if err != nil {
		return nil, nil, nil, err
	}
	before, err = keysBefore(members)
	if err != nil {
		return nil, nil, nil, err
	}
	key := keys[0]
	for _, each := range append(append([]*Key{}, keys...), before...) {
		if held == nil && (pinned == each.fingerprint() || pinned == each.line) {
			held = each
		}
	}
	if pinned != "" && held == nil {
		return nil, nil, nil, badFile("keys/log.vkey",
			"it is not the key that you gave; its fingerprint is %s", key.fingerprint())
	}
	return keys, before, held, nil
}

var payloadMembers = map[string]check{"index": isCount, "field": isText, "salt": isText, "text": isText}

// shortestKeptMs is six years of 365 days: no text is deleted before.
const shortestKeptMs = 6 * 365 * 24 * 3_600_000

// coveredBy tells whether one of these leaves "retention.applied" says of an entry that its texts were deleted, not before
// their time.
func coveredBy(steps []*Event) func(entry, atMs int64) bool {
	return func(entry, atMs int64) bool {
		for _, step := range steps {
			to, is := countOf(step.data["to"])
			if is && entry < step.seq && entry < to && step.atMs-atMs >= shortestKeptMs {
				return true
			}
		}
		return false
	}
}

// Payloads counts the texts that are there, and those that were deleted.
type Payloads struct {
	included, deleted int64
}

// checkPayloads does FORMAT 6: one text for each commitment, in the order of the entries and then of the fields, but for
// what may lack.
func checkPayloads(members *Members, mayLack func(entry, atMs int64) bool) (*Payloads, error) {
	member := members.byName["payloads.jsonl"]
	if member == nil {
		return nil, nil
	}
	lines, err := member.lines()
	if err != nil {
		return nil, err
	}
	defer lines.close()
	check := &payloadCheck{lines: lines, mayLack: mayLack}
	err = members.byName["events.jsonl"].eachLine(func(_ int64, leaf []byte) error {
		var event struct {
			Seq   int64             `json:"seq"`
			At    time.Time         `json:"at"`
			Texts map[string]string `json:"texts"`
		}
		if err := json.Unmarshal(leaf, &event); err != nil {
			return err
		}
		for _, field := range sortedNames(event.Texts) {
			if err := check.take(event.Seq, event.At.UnixMilli(), field, event.Texts[field]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := check.look(); err == nil {
		return nil, badFile(fmt.Sprintf("payloads.jsonl line %d", check.included+1), "no entry commits to it")
	} else if err != io.EOF {
		return nil, err
	}
	return &check.Payloads, nil
}

// payloadCheck reads one line ahead, since an entry may lack what the line is not about.
type payloadCheck struct {
	Payloads
	lines   *Lines
	mayLack func(entry, atMs int64) bool
	line    []byte
	ahead   bool
	value   any
	isCanon bool
}

// look has the next line in hand; io.EOF where there is none.
func (check *payloadCheck) look() error {
	if check.ahead {
		return nil
	}
	line, err := check.lines.next()
	if err != nil {
		return err
	}
	check.line, check.ahead = line, true
	check.value, check.isCanon = parseCanonical(line)
	return nil
}

func (check *payloadCheck) take(entry, atMs int64, field, commitment string) error {
	file := fmt.Sprintf("payloads.jsonl line %d", check.included+1)
	err := check.look()
	if err == io.EOF {
		if check.mayLack(entry, atMs) {
			check.deleted++
			return nil
		}
		return &Bad{Entry: &entry, File: file, Problem: fmt.Sprintf(`its text "%s" is missing`, field)}
	}
	if err != nil {
		return err
	}
	if !check.isCanon || !hasExactly(payloadMembers, check.value) {
		return badFile(file, "it is not a payload")
	}
	payload := check.value.(map[string]any)
	index, _ := countOf(payload["index"])
	where := entry
	if index < entry {
		where = index
	}
	if index != entry || payload["field"] != field {
		isLater := index > entry || (index == entry && payload["field"].(string) > field)
		if isLater && check.mayLack(entry, atMs) {
			check.deleted++
			return nil
		}
		return &Bad{Entry: &where, File: file,
			Problem: fmt.Sprintf(`the text "%s" of entry %d should stand here`, field, entry)}
	}
	salt := strictBase64(payload["salt"].(string))
	salted := bytes.Join([][]byte{{0x10}, salt, []byte(payload["text"].(string))}, nil)
	if sum := sha256.Sum256(salted); len(salt) != 32 || hex.EncodeToString(sum[:]) != commitment {
		return &Bad{Entry: &where, File: file,
			Problem: fmt.Sprintf(`the text "%s" is not the one that the entry commits to`, field)}
	}
	check.included++
	check.ahead = false
	return nil
}

// checkSignedFiles does FORMAT 8, but for the manifest.
func checkSignedFiles(members *Members, key *Key) error {
	sums, err := members.text("SHA256SUMS")
	if err != nil {
		return err
	}
	armor, err := members.text("SHA256SUMS.sshsig")
	if err != nil {
		return err
	}
	if err := checkSSHSignature(armor, []byte(sums), key); err != nil {
		return err
	}
	if err := checkSums(members); err != nil {
		return err
	}
	for _, member := range members.inTurn {
		if !member.intact {
			return badFile(member.name, "its checksum in the zip file is wrong")
		}
	}
	allowed, err := members.text("keys/allowed_signers")
	if err != nil {
		return err
	}
	expected := fmt.Sprintf("cloister-log namespaces=\"%s\" ssh-ed25519 %s\n",
		namespace, base64.StdEncoding.EncodeToString(key.ssh()))
	if allowed != expected {
		return badFile("keys/allowed_signers", "it names another key than keys/log.vkey")
	}
	return checkAuditEvents(members)
}

// checkAuditEvents: fhir/AuditEvent.ndjson has one line for each entry, in their order, which names the entry's hash.
func checkAuditEvents(members *Members) error {
	const file = "fhir/AuditEvent.ndjson"
	member := members.byName[file]
	if member == nil {
		return nil
	}
	lines, err := member.lines()
	if err != nil {
		return err
	}
	defer lines.close()
	err = members.byName["events.jsonl"].eachLine(func(index int64, leaf []byte) error {
		line, err := lines.next()
		if err != nil && err != io.EOF {
			return err
		}
		hash := tlog.RecordHash(leaf)
		named := fmt.Sprintf(`{"type":"leafHash","valueString":"%x"}`, hash[:])
		if err == io.EOF || !bytes.Contains(line, []byte(named)) {
			return badFile(file, "its line %d is not about the entry in line %d of events.jsonl", index+1, index+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := lines.next(); err == nil {
		return badFile(file, "it has more lines than there are entries")
	} else if err != io.EOF {
		return err
	}
	return nil
}

// checkSums looks at the list and every file in it; no file stands beside it.
func checkSums(members *Members) error {
	sums, err := sumsOf(members)
	if err != nil {
		return err
	}
	for _, member := range members.inTurn {
		if _, listed := sums[member.name]; !listed && !isUnlisted(member.name) {
			return badFile(member.name, "SHA256SUMS does not list it")
		}
	}
	for _, name := range wrongSums(members, sums) {
		if members.byName[name] == nil {
			return badFile(name, "it is missing")
		}
		return badFile(name, "its bytes are not those that SHA256SUMS names")
	}
	return nil
}

var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  (\S+)$`)

func sumsOf(members *Members) (map[string]string, error) {
	text, err := members.text("SHA256SUMS")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] != "" {
		return nil, badFile("SHA256SUMS", "its last line is cut off")
	}
	sums := map[string]string{}
	for _, line := range lines[:len(lines)-1] {
		match := sumLine.FindStringSubmatch(line)
		if match == nil || sums[match[2]] != "" {
			return nil, badFile("SHA256SUMS", "it is not a list of files")
		}
		sums[match[2]] = match[1]
	}
	return sums, nil
}

func wrongSums(members *Members, sums map[string]string) []string {
	var wrong []string
	for name, sum := range sums {
		if member := members.byName[name]; member == nil || member.sum != sum {
			wrong = append(wrong, name)
		}
	}
	sort.Strings(wrong)
	return wrong
}

// sumsRemark is what SHA256SUMS says of the files, to be told beside a bad entry.
func sumsRemark(members *Members) string {
	sums, err := sumsOf(members)
	if err != nil {
		return "; SHA256SUMS is damaged too"
	}
	if wrong := wrongSums(members, sums); len(wrong) > 0 {
		return "; SHA256SUMS does not fit " + strings.Join(wrong, ", ")
	}
	return "; SHA256SUMS was made to fit it"
}

// readManifest is nil unless it is canonical JSON and a newline.
func readManifest(members *Members) (map[string]any, error) {
	content, err := members.byName["manifest.json"].bytes()
	if err != nil || !bytes.HasSuffix(content, []byte("\n")) {
		return nil, err
	}
	value, ok := parseCanonical(content[:len(content)-1])
	if !ok {
		return nil, nil
	}
	manifest, _ := value.(map[string]any)
	return manifest, nil
}

type fact struct {
	name  string
	value any
}

// checkManifest takes the facts of this kind of bundle.
func (opened *Opened) checkManifest(facts []fact) (map[string]any, error) {
	const file = "manifest.json"
	manifest, err := readManifest(opened.members)
	if err != nil {
		return nil, err
	}
	if manifest["format"] != "cloister-audit-bundle/1" {
		return nil, badFile(file, "it is not the manifest of a bundle that this verifier knows")
	}
	origin := opened.checkpoint.origin
	alike := []fact{{"origin", origin}, {"treeSize", opened.checkpoint.size}}
	for _, fact := range append(alike, facts...) {
		told, has := manifest[fact.name]
		if !has || canonicalText(told) != canonicalText(fact.value) {
			return nil, badFile(file, `what it says of "%s" is not so`, fact.name)
		}
	}
	if opened.key.name != origin {
		return nil, badFile("keys/log.vkey", "it is the key of another record")
	}
	if (manifest["clinicalText"] == "included") != (opened.members.byName["payloads.jsonl"] != nil) {
		return nil, badFile(file, "what it says of the clinical text is not so")
	}
	return manifest, nil
}
