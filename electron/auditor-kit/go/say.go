package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Bad says that something is wrong with the bundle, and at which entry, in which range of entries or in which file.
type Bad struct {
	OK      bool      `json:"ok"`
	Entry   *int64    `json:"entry,omitempty"`
	Range   *[2]int64 `json:"range,omitempty"`
	File    string    `json:"file"`
	Problem string    `json:"problem"`
}

func (bad *Bad) Error() string { return bad.Problem }

func badFile(file, format string, values ...any) error {
	return &Bad{File: file, Problem: fmt.Sprintf(format, values...)}
}

func badEntry(entry int64, format string, values ...any) error {
	return &Bad{Entry: &entry, File: "events.jsonl", Problem: fmt.Sprintf(format, values...)}
}

func asBad(err error) *Bad {
	var bad *Bad
	if errors.As(err, &bad) {
		return bad
	}
	return &Bad{File: "the bundle", Problem: fmt.Sprintf("it could not be read to its end (%v)", err)}
}

// describe says it in a line; the remark is what SHA256SUMS says of the files.
func (bad *Bad) describe(remark string) string {
	switch {
	case bad.Entry != nil:
		return fmt.Sprintf("BAD at entry %d (%s): %s%s", *bad.Entry, bad.File, bad.Problem, remark)
	case bad.Range != nil:
		return fmt.Sprintf("BAD between entries %d and %d (%s): %s%s",
			bad.Range[0], bad.Range[1], bad.File, bad.Problem, remark)
	}
	return fmt.Sprintf("BAD file %s: %s", bad.File, bad.Problem)
}

// Summary is the answer about a bundle that holds.
type Summary struct {
	OK               bool            `json:"ok"`
	Kind             string          `json:"kind"`
	Origin           string          `json:"origin"`
	TreeSize         int64           `json:"treeSize"`
	RootHash         string          `json:"rootHash"`
	KeyFingerprint   string          `json:"keyFingerprint"`
	Authenticated    bool            `json:"authenticated"`
	HeldKey          *string         `json:"heldKey"`
	KeptCheckpoint   *int64          `json:"keptCheckpoint"`
	ClinicalText     json.RawMessage `json:"clinicalText,omitempty"`
	Flavour          json.RawMessage `json:"flavour,omitempty"`
	Payloads         *int64          `json:"payloads"`
	DeletedTexts     *int64          `json:"deletedTexts"`
	EmergencyAccess  []int64         `json:"emergencyAccess"`
	SolePractitioner bool            `json:"solePractitioner"`
	From             string          `json:"from"`
	To               string          `json:"to"`
	*saidWhole
	*saidExtract
}

// saidWhole is what only a full bundle tells.
type saidWhole struct {
	KeyChanges         []saidChange `json:"keyChanges"`
	Continues          []saidRecord `json:"continues"`
	EarlierCheckpoints int          `json:"earlierCheckpoints"`
	NewEmergencyAccess []int64      `json:"newEmergencyAccess"`
	OpenRequests       []int64      `json:"openRequests"`
	RestoredAt         []int64      `json:"restoredAt"`
}

// saidRecord is what is told of a record that this one continues.
type saidRecord struct {
	Origin          string       `json:"origin"`
	TreeSize        int64        `json:"treeSize"`
	RootHash        string       `json:"rootHash"`
	KeyFingerprint  string       `json:"keyFingerprint"`
	KeyChanges      []saidChange `json:"keyChanges"`
	EmergencyAccess []int64      `json:"emergencyAccess"`
	OpenRequests    []int64      `json:"openRequests"`
	RestoredAt      []int64      `json:"restoredAt"`
}

// saidExtract is what only an extract tells.
type saidExtract struct {
	Selection Selection `json:"selection"`
	Records   int64     `json:"records"`
}

func (summary *Summary) takePayloads(payloads *Payloads) {
	if payloads != nil {
		summary.Payloads, summary.DeletedTexts = &payloads.included, &payloads.deleted
	}
}

func (summary *Summary) take(manifest map[string]any, events *Events) {
	summary.EmergencyAccess = append([]int64{}, events.emergencies...)
	summary.SolePractitioner = manifest["solePractitioner"] == true
	summary.From, summary.To = events.first.at, events.last.at
	if value, has := manifest["clinicalText"]; has {
		summary.ClinicalText = json.RawMessage(canonicalText(value))
	}
	if value, has := manifest["flavour"]; has {
		summary.Flavour = json.RawMessage(canonicalText(value))
	}
}

type saidChange struct {
	Entry int64  `json:"entry"`
	From  string `json:"from"`
	To    string `json:"to"`
}

func (summary *Summary) trust() string {
	switch {
	case !summary.Authenticated:
		return "consistent, NOT authenticated: no key was given, so anybody could have signed this."
	case *summary.HeldKey == summary.KeyFingerprint:
		return "AUTHENTICATED: signed by the key you gave."
	}
	return "AUTHENTICATED: signed by a key that the key you gave leads to."
}

func (summary *Summary) howChanged(change saidChange) string {
	switch {
	case summary.HeldKey == nil:
	case change.From == *summary.HeldKey:
		return "it was signed by the key that you hold"
	case change.To == *summary.HeldKey:
		return "to the key that you hold"
	}
	return "it was signed by both keys"
}

func (summary *Summary) String() string {
	lines := []string{summary.trust()}
	add := func(name, format string, values ...any) {
		lines = append(lines, fmt.Sprintf("  %-13s%s", name, fmt.Sprintf(format, values...)))
	}
	add("record", "%s", summary.Origin)
	whole, extract := summary.saidWhole, summary.saidExtract
	if extract != nil {
		add("EXTRACT", "%d of %d entries: %s", extract.Records, summary.TreeSize, extract.Selection)
		add("proven", "each of them is in the record, at its place")
		if extract.Selection["by"] == "entries" {
			add("NOT proven", "what stands in the record before and after them")
		} else {
			add("NOT proven", "that these are all of them: for that, ask for the full bundle")
		}
		add("time", "from %s to %s", summary.From, summary.To)
	} else {
		add("entries", "%d, from %s to %s", summary.TreeSize, summary.From, summary.To)
	}
	add("fingerprint", "%s", summary.KeyFingerprint)
	if summary.KeptCheckpoint != nil {
		add("kept", "the checkpoint of %d entries that you gave is part of this record", *summary.KeptCheckpoint)
	}
	if whole != nil {
		for _, change := range whole.KeyChanges {
			add("key", "the key changed at entry %d; %s", change.Entry, summary.howChanged(change))
		}
		for _, record := range whole.Continues {
			whose := record.KeyFingerprint
			if summary.HeldKey != nil && whose == *summary.HeldKey {
				whose = "the key that you hold"
			}
			add("continues", "%s", record.Origin)
			add("", "%d entries, closed by a restore from a backup; signed by %s", record.TreeSize, whose)
			for _, change := range record.KeyChanges {
				add("", "its key changed at entry %d; %s", change.Entry, summary.howChanged(change))
			}
			add("", "access to another's records: %d entries", len(record.EmergencyAccess))
		}
	}
	add("root", "%s", summary.RootHash)
	if summary.Payloads == nil {
		add("text", "withheld")
	} else {
		told := fmt.Sprintf("included, %d texts match their commitments", *summary.Payloads)
		if *summary.DeletedTexts > 0 {
			told += fmt.Sprintf("; %d were deleted after their time", *summary.DeletedTexts)
		}
		add("text", "%s", told)
	}
	if whole != nil {
		add("checkpoints", "%d earlier, each a prefix of this record", whole.EarlierCheckpoints)
	}
	if string(summary.Flavour) == `"development"` {
		add("made by", "a DEVELOPMENT build, with made-up patients")
	}
	add("emergency", "access to another's records: %s", summary.emergency())
	if summary.SolePractitioner {
		add("kept by", "ONE PERSON who also uses it: clinician and administrator are one account")
	}
	if whole != nil && len(whole.OpenRequests) > 0 {
		add("note", "requests without an outcome at entries %s", listed(whole.OpenRequests))
	}
	if whole != nil && len(whole.RestoredAt) > 0 {
		add("note", "time since start-up fell at entries %s: was the machine set back to an earlier state?",
			listed(whole.RestoredAt))
	}
	return strings.Join(lines, "\n")
}

func (summary *Summary) emergency() string {
	named, told := summary.EmergencyAccess, fmt.Sprintf("%d of these entries", len(summary.EmergencyAccess))
	if summary.saidWhole != nil {
		named = summary.NewEmergencyAccess
		told = fmt.Sprintf("%d entries, %d of them new", len(summary.EmergencyAccess), len(named))
	}
	if len(named) > 0 {
		told += fmt.Sprintf(" (%s)", listed(named))
	}
	return told
}

func listed(entries []int64) string {
	words := make([]string, len(entries))
	for at, entry := range entries {
		words[at] = fmt.Sprint(entry)
	}
	return strings.Join(words, ", ")
}

func say(answer any, words string, asJSON bool) {
	if asJSON {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(answer); err != nil {
			panic(err)
		}
		words = strings.TrimSuffix(text.String(), "\n")
	}
	fmt.Fprintln(os.Stdout, words)
}
