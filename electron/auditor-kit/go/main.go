// Checks a Cloister audit bundle with Go's own libraries for transparency logs, golang.org/x/mod/sumdb/note and
// golang.org/x/mod/sumdb/tlog: they open the signed checkpoints, make the tree and its tiles, and prove each earlier
// checkpoint a prefix. It shares no code with the app nor with the other verifiers beside it; the rest is written from the
// public formats (C2SP tlog-tiles, OpenSSH SSHSIG, RFC 8785 canonical JSON) and electron/vault/log/FORMAT.md. "FORMAT 1"
// to "FORMAT 8" are the numbers of its chapter "Verifying".
//
//	verify BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]
//
// FILE holds the key that you trust: a `log.vkey` line or the `SHA256:` fingerprint that was compared out of band. It may
// be an earlier key of the record: then the entries that changed the key must lead from it to the one that signs now. The
// other file holds a checkpoint that left the computer earlier: then the bundle must continue the record that it signs.
// Exit 0: all of it holds. Exit 1: the first bad entry or file is named. Exit 2: wrong use.
//
// To build it with Debian's golang-go and golang-golang-x-mod-dev, without a network:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o verify .
//
// Elsewhere `go build -mod=mod -o verify .` fetches golang.org/x/mod, and checks it against Go's checksum database.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"unicode"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(words []string) int {
	options, ok := readWords(words)
	if !ok {
		return complain("usage: verify BUNDLE.zip|FOLDER [--key FILE] [--checkpoint FILE] [--json]")
	}
	pinned := ""
	if options.keyFile != nil {
		text, err := os.ReadFile(*options.keyFile)
		if err != nil {
			return complainOfFile(err)
		}
		if pinned = pinnedKey(string(text)); pinned == "" {
			return complain("The key file holds neither a log.vkey line nor a SHA256: fingerprint.")
		}
	}
	var note *string
	if options.noteFile != nil {
		content, err := os.ReadFile(*options.noteFile)
		if err != nil {
			return complainOfFile(err)
		}
		text := string(content)
		note = &text
	}
	return report(options.path, pinned, note, options.json)
}

type options struct {
	path     string
	keyFile  *string
	noteFile *string
	json     bool
}

func readWords(words []string) (options, bool) {
	var read options
	var paths []string
	for at := 0; at < len(words); at++ {
		switch {
		case words[at] == "--json":
			read.json = true
		case words[at] == "--key" && read.keyFile == nil:
			if at++; at == len(words) {
				return read, false
			}
			read.keyFile = &words[at]
		case words[at] == "--checkpoint" && read.noteFile == nil:
			if at++; at == len(words) {
				return read, false
			}
			read.noteFile = &words[at]
		default:
			paths = append(paths, words[at])
		}
	}
	if len(paths) != 1 || strings.HasPrefix(paths[0], "--") {
		return read, false
	}
	read.path = paths[0]
	return read, true
}

var printedFingerprint = regexp.MustCompile(`^(?:[0-9]+ )?(SHA256:[A-Za-z0-9+/]{43})(?: [^\n]*)?$`)

// pinnedKey takes a key line, or a fingerprint with or without what ssh-keygen prints around it.
func pinnedKey(text string) string {
	line := strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	if parseKey(line) != nil {
		return line
	}
	if match := printedFingerprint.FindStringSubmatch(line); match != nil {
		return match[1]
	}
	return ""
}

// report is the one place that tells a bad bundle from a file that could not be read.
func report(path, pinned string, note *string, asJSON bool) int {
	remark := ""
	summary, err := func() (summary *Summary, err error) {
		// A bundle that a stranger made must not look like a crash of this program: what it cannot read is bad.
		defer func() {
			if problem := recover(); problem != nil {
				err = fmt.Errorf("%v", problem)
			}
		}()
		members, err := readMembers(path)
		if err != nil {
			return nil, err
		}
		remark = sumsRemark(members)
		return verifyBundle(members, pinned, note)
	}()
	if err == nil {
		say(summary, summary.String(), asJSON)
		return 0
	}
	var noFile *fs.PathError
	if errors.As(err, &noFile) {
		return complainOfFile(err)
	}
	bad := asBad(err)
	say(bad, bad.describe(remark), asJSON)
	return 1
}

func complain(line string) int {
	fmt.Fprintln(os.Stderr, line)
	return 2
}

func complainOfFile(err error) int {
	return complain(fmt.Sprintf("The bundle or a file beside it could not be read (%v).", err))
}
