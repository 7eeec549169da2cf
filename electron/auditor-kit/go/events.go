package main

import (
	"crypto/ed25519"
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const maximumLeafBytes = 65_535
const clockToleranceMs = 2000

type check func(value any) bool

func matches(pattern string) check {
	expression := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(value any) bool {
		text, isText := value.(string)
		return isText && expression.MatchString(text)
	}
}

func orNull(isRight check) check {
	return func(value any) bool { return value == nil || isRight(value) }
}

func isBase64Of(length int) check {
	return func(value any) bool {
		text, _ := value.(string)
		return len(strictBase64(text)) == length
	}
}

func isCount(value any) bool {
	_, is := countOf(value)
	return is
}

func isText(value any) bool {
	_, is := value.(string)
	return is
}

func isObject(value any) bool {
	_, is := value.(map[string]any)
	return is
}

var (
	isHash = matches(`[0-9a-f]{64}`)
	isUUID = matches(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	isRole = matches(`[a-z-]+`)
	isTime = matches(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z`)
)

// FORMAT.md, "Leaf": all members, and no other.
var leafMembers = map[string]check{
	"v": func(value any) bool {
		version, is := countOf(value)
		return is && version == 1
	},
	"seq":         isCount,
	"event":       matches(`[a-z]+\.[a-z-]+`),
	"at":          isTime,
	"monotonicMs": isCount,
	"bootId":      isUUID,
	"timeSync":    matches(`synchronised|not-synchronised|unknown`),
	"actor": func(value any) bool {
		return hasExactly(map[string]check{"id": orNull(isUUID), "role": isRole}, value)
	},
	"session": orNull(isUUID),
	"device":  isUUID,
	"patient": orNull(matches(`[0-9a-f]{32}`)),
	"outcome": matches(`success|stopped|refused|failed|attention`),
	"app":     matches(`[0-9A-Za-z.+-]{1,40}`),
	"texts": func(value any) bool {
		texts, is := value.(map[string]any)
		for _, commitment := range texts {
			is = is && isHash(commitment)
		}
		return is
	},
	"data": isObject,
}

// knownEvents are those of FORMAT.md, "Events", and no other.
var knownEvents = map[string]bool{
	"log.created":                 true,
	"log.continued":               true,
	"log.key-rotated":             true,
	"recovery.proven":             true,
	"recovery.used":               true,
	"user.created":                true,
	"user.renamed":                true,
	"user.disabled":               true,
	"user.code-issued":            true,
	"user.passphrase-set":         true,
	"user.passphrase-forced":      true,
	"second-factor.enrolled":      true,
	"second-factor.removed":       true,
	"second-factor.code-used":     true,
	"attempts.cleared":            true,
	"session.signed-in":           true,
	"session.signed-out":          true,
	"session.locked":              true,
	"session.sign-in-failed":      true,
	"session.locked-out":          true,
	"command.signed-in":           true,
	"command.signed-out":          true,
	"model.loaded":                true,
	"model.refused":               true,
	"document.opened":             true,
	"prompt.submitted":            true,
	"response.completed":          true,
	"response.aborted":            true,
	"response.refused":            true,
	"response.failed":             true,
	"clipboard.copied":            true,
	"note.accepted":               true,
	"record.break-glass":          true,
	"record.corrected":            true,
	"document.printed":            true,
	"answer.reported":             true,
	"source.evaluated":            true,
	"source.evaluation-ended":     true,
	"answer.replayed":             true,
	"model.imported":              true,
	"model.chosen":                true,
	"model.removed":               true,
	"disclosure.made":             true,
	"baa.changed":                 true,
	"log.viewed":                  true,
	"log.searched":                true,
	"record.reviewed":             true,
	"log.verified":                true,
	"log.exported":                true,
	"retention.applied":           true,
	"backup.made":                 true,
	"installation.decommissioned": true,
	"log.anchored":                true,
	"log.anchor-failed":           true,
	"log.anchor-mismatch":         true,
	"log.spooled":                 true,
	"log.spool-failed":            true,
	"organisation.enrolled":       true,
	"policy.applied":              true,
	"policy.problem":              true,
	"keyring.refused":             true,
	"key.rotated":                 true,
	"journal.folded":              true,
	"clock.jumped-back":           true,
	"process.ended":               true,
	"network.blocked":             true,
}

var isWord = matches(`[\x21-\x7e]{0,300}`)

// holdsNoText: numbers, and words of printable ASCII without a space.
func holdsNoText(value any) bool {
	switch value := value.(type) {
	case string:
		return isWord(value)
	case map[string]any:
		for name, member := range value {
			if !isWord(name) || !holdsNoText(member) {
				return false
			}
		}
	case []any:
		for _, member := range value {
			if !holdsNoText(member) {
				return false
			}
		}
	}
	return true
}

var rotationMembers = map[string]check{
	"oldKey":       isHash,
	"oldKeyPublic": isBase64Of(ed25519.PublicKeySize),
	"newKey":       isHash,
	"newKeyPublic": isBase64Of(ed25519.PublicKeySize),
	"size":         isCount,
	"oldSignature": isBase64Of(ed25519.SignatureSize),
	"newSignature": isBase64Of(ed25519.SignatureSize),
}

func hasExactly(members map[string]check, value any) bool {
	object, is := value.(map[string]any)
	if !is || len(object) != len(members) {
		return false
	}
	for name, isRight := range members {
		member, has := object[name]
		if !has || !isRight(member) {
			return false
		}
	}
	return true
}

// Event is a leaf, as far as the rules look at it.
type Event struct {
	seq         int64
	event       string
	at          string
	atMs        int64
	monotonicMs int64
	bootID      string
	actor       map[string]any
	patient     any
	data        map[string]any
}

func (event *Event) isSoleAccount() bool {
	return event.event == "user.created" && event.data["role"] == "sole-practitioner"
}

// turn is a request; closed means that its outcome was found.
type turn struct {
	entry  int64
	closed bool
}

// Events is what the rules between leaves need, and what a reader wants to know.
type Events struct {
	first, last      *Event
	turns            map[string]*turn
	requests         []*turn
	restored         []int64
	rotations        []*Event
	emergencies      []int64
	retentions       []*Event
	solePractitioner bool
}

// checkEvents does FORMAT 5, the rules between leaves.
func checkEvents(members *Members, origin string) (*Events, error) {
	events := &Events{turns: map[string]*turn{}}
	err := members.byName["events.jsonl"].eachLine(func(index int64, line []byte) error {
		event, err := parseEvent(line, index)
		if err != nil {
			return err
		}
		return events.take(event)
	})
	if err != nil {
		return nil, err
	}
	if events.first == nil || !isBeginning(events.first, origin) {
		return nil, badEntry(0, "it does not begin this record")
	}
	return events, nil
}

// parseEvent gives the leaf, whose own time is one there is.
func parseEvent(line []byte, index int64) (*Event, error) {
	value, ok := any(nil), false
	if len(line) <= maximumLeafBytes {
		value, ok = parseCanonical(line)
	}
	if !ok {
		return nil, badEntry(index, "it is not canonical JSON, or too long")
	}
	event := eventOf(value)
	if event == nil || event.seq != index {
		return nil, badEntry(index, "it is not an entry of this format, or does not say its own place")
	}
	if !knownEvents[event.event] {
		return nil, badEntry(index, "its event is none that this version of the format knows")
	}
	if !holdsNoText(event.data) {
		return nil, badEntry(index, "its data holds a text")
	}
	at, err := time.Parse("2006-01-02T15:04:05.000Z", event.at)
	if err != nil {
		return nil, badEntry(index, "its time is not one")
	}
	event.atMs = at.UnixMilli()
	return event, nil
}

func eventOf(value any) *Event {
	if !hasExactly(leafMembers, value) {
		return nil
	}
	leaf := value.(map[string]any)
	event := &Event{
		event:   leaf["event"].(string),
		at:      leaf["at"].(string),
		bootID:  leaf["bootId"].(string),
		actor:   leaf["actor"].(map[string]any),
		patient: leaf["patient"],
		data:    leaf["data"].(map[string]any),
	}
	event.seq, _ = countOf(leaf["seq"])
	event.monotonicMs, _ = countOf(leaf["monotonicMs"])
	return event
}

func (events *Events) take(event *Event) error {
	last := events.last
	if err := checkClock(last, event); err != nil {
		return err
	}
	if err := events.checkTurn(event); err != nil {
		return err
	}
	if last != nil && last.bootID == event.bootID && event.monotonicMs < last.monotonicMs {
		events.restored = append(events.restored, event.seq)
	}
	switch event.event {
	case "log.key-rotated":
		events.rotations = append(events.rotations, event)
	case "record.break-glass":
		events.emergencies = append(events.emergencies, event.seq)
	case "retention.applied":
		events.retentions = append(events.retentions, event)
	case "user.created":
		events.solePractitioner = events.solePractitioner || event.isSoleAccount()
	}
	if events.first == nil {
		events.first = event
	}
	events.last = event
	return nil
}

func checkClock(last, event *Event) error {
	back := int64(0)
	if last != nil {
		back = last.atMs - event.atMs
	}
	if event.event == "clock.jumped-back" {
		told, is := countOf(event.data["byMs"])
		if back <= clockToleranceMs || !is || told != back {
			return badEntry(event.seq, "it tells of another jump of the clock than there was")
		}
	} else if back > clockToleranceMs {
		return badEntry(event.seq, "the clock went back and the record does not say so")
	}
	return nil
}

// checkTurn: every outcome has its intent, and every intent at most one outcome.
func (events *Events) checkTurn(event *Event) error {
	isRequest := event.event == "prompt.submitted"
	if !isRequest && !strings.HasPrefix(event.event, "response.") {
		return nil
	}
	if !isUUID(event.data["turn"]) {
		return badEntry(event.seq, "it does not say which request it is about")
	}
	name := event.data["turn"].(string)
	known := events.turns[name]
	if isRequest {
		if known != nil {
			return badEntry(event.seq, "it uses the number of an earlier request")
		}
		request := &turn{entry: event.seq}
		events.turns[name] = request
		events.requests = append(events.requests, request)
		return nil
	}
	intent, is := countOf(event.data["intent"])
	if known == nil || known.closed || !is || known.entry != intent {
		return badEntry(event.seq, "it does not answer an open request")
	}
	known.closed = true
	return nil
}

func (events *Events) openRequests() []int64 {
	open := []int64{}
	for _, request := range events.requests {
		if !request.closed {
			open = append(open, request.entry)
		}
	}
	return open
}

// newEmergencies are entries with emergency access that the bundle before did not hold.
func (events *Events) newEmergencies(earlier []*Checkpoint) []int64 {
	known := int64(0)
	if len(earlier) > 0 {
		known = earlier[len(earlier)-1].size
	}
	fresh := []int64{}
	for _, entry := range events.emergencies {
		if entry >= known {
			fresh = append(fresh, entry)
		}
	}
	return fresh
}

// keyChange names the first entry that the new key signed for.
type keyChange struct {
	entry    int64
	from, to *Key
}

// followKeys goes from the key that the first entry names through each change of the key to the one that signed the bundle.
func followKeys(events *Events, tree *Tree, key *Key) ([]keyChange, error) {
	inUse, _ := events.first.data["logKey"].(string)
	used := map[string]bool{inUse: true}
	var changes []keyChange
	for _, event := range events.rotations {
		entry, data := event.seq, event.data
		if !hasExactly(rotationMembers, data) {
			return nil, badEntry(entry, "it is no change of the key")
		}
		raw := func(name string) []byte { return strictBase64(data[name].(string)) }
		from, to := keyOf(key.name, raw("oldKeyPublic")), keyOf(key.name, raw("newKeyPublic"))
		if data["oldKey"] != inUse {
			return nil, badEntry(entry, "it changes a key that was not in use")
		}
		if used[data["newKey"].(string)] {
			return nil, badEntry(entry, "it brings back a key of before")
		}
		if data["oldKey"] != from.hash() || data["newKey"] != to.hash() {
			return nil, badEntry(entry, "it names a key by another hash than its own")
		}
		if size, _ := countOf(data["size"]); size != entry {
			return nil, badEntry(entry, "it changes the key at another place than its own")
		}
		statement, err := keyStatement(tree, entry, from, to)
		if err != nil {
			return nil, err
		}
		if !ed25519.Verify(from.publicKey, statement, raw("oldSignature")) {
			return nil, badEntry(entry, "the old key did not sign this change of the key")
		}
		if !ed25519.Verify(to.publicKey, statement, raw("newSignature")) {
			return nil, badEntry(entry, "the new key did not sign this change of the key")
		}
		inUse = to.hash()
		used[inUse] = true
		changes = append(changes, keyChange{entry, from, to})
	}
	if inUse != key.hash() {
		entry := int64(0)
		if len(changes) > 0 {
			entry = changes[len(changes)-1].entry
		}
		return nil, badEntry(entry, "it brings another key than the one that signs")
	}
	return changes, nil
}

// keyStatement is what both keys sign: FORMAT.md, "Change of the key". The first entry changes none.
func keyStatement(tree *Tree, entry int64, from, to *Key) ([]byte, error) {
	root, err := tlog.TreeHash(entry, tree)
	return []byte(fmt.Sprintf("cloister/1 log key rotation\n%s\n%d\n%s\n%s\n%s\n",
		from.name, entry, root, from.line, to.line)), err
}

// checkEarlierKeys: each earlier checkpoint has the signature of the key of its time, and the list says what the entries say.
func checkEarlierKeys(changes []keyChange, listed []*Key, key *Key, earlier []*Checkpoint) error {
	right := len(listed) == len(changes)
	for at := 0; right && at < len(changes); at++ {
		right = listed[at].line == changes[at].from.line
	}
	if !right {
		return badFile("keys/earlier.vkeys", "it does not list the earlier keys that the entries name")
	}
	for _, known := range earlier {
		due := key
		for at := len(changes) - 1; at >= 0; at-- {
			if known.size <= changes[at].entry {
				due = changes[at].from
			}
		}
		if !known.signer.publicKey.Equal(due.publicKey) {
			return badFile("checkpoints.txt",
				"the checkpoint of %d entries is signed by a key that was not in use then", known.size)
		}
	}
	return nil
}
