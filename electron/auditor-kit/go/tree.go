package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Eight levels of the tree are one level of tiles: C2SP tlog-tiles.
const tileHeight = 8
const tileWidth = 1 << tileHeight

// Tree is of RFC 6962; it keeps the hashes that tlog stores, in tlog's order.
type Tree struct {
	size   int64
	stored []tlog.Hash
}

func (tree *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index < 0 || index >= int64(len(tree.stored)) {
			return nil, errors.New("the tree has no such node")
		}
		hashes[at] = tree.stored[index]
	}
	return hashes, nil
}

func (tree *Tree) add(leaf tlog.Hash) error {
	added, err := tlog.StoredHashesForRecordHash(tree.size, leaf, tree)
	tree.stored = append(tree.stored, added...)
	tree.size++
	return err
}

func (tree *Tree) leaf(index int64) tlog.Hash {
	return tree.stored[tlog.StoredHashIndex(0, index)]
}

// hasRoot says whether the first leaves, as many as size, make this root.
func (tree *Tree) hasRoot(size int64, root tlog.Hash) bool {
	if size == 0 {
		// RFC 6962; older versions of the package have zeros there.
		return root == sha256.Sum256(nil)
	}
	if size > tree.size {
		return false
	}
	hash, err := tlog.TreeHash(size, tree)
	return err == nil && hash == root
}

// treeOfTiles is made of what the level-0 tiles hold; nil where one is missing.
func treeOfTiles(members *Members, size int64) (*Tree, error) {
	tree := &Tree{}
	// A checkpoint may claim any size: the first tile that is not there ends it.
	for tree.size < size {
		tile := tlog.Tile{H: tileHeight, N: tree.size / tileWidth, W: tileWidth}
		if size-tree.size < tileWidth {
			tile.W = int(size - tree.size)
		}
		member := members.byName[tileName(tile)]
		if member == nil || member.place.size != int64(tile.W)*tlog.HashSize {
			return nil, nil
		}
		content, err := member.bytes()
		if err != nil {
			return nil, err
		}
		for ; len(content) > 0; content = content[tlog.HashSize:] {
			var hash tlog.Hash
			copy(hash[:], content)
			if err := tree.add(hash); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

// checkTree does FORMAT 3: the leaves against the signed tree. A wrong leaf is named by its index where the tiles still
// carry the signed hashes; else by the smallest range between two signed checkpoints.
func checkTree(members *Members, checkpoint *Checkpoint, earlier []*Checkpoint) (*Tree, error) {
	events, err := members.need("events.jsonl")
	if err != nil {
		return nil, err
	}
	tree := &Tree{}
	err = events.eachLine(func(_ int64, line []byte) error { return tree.add(tlog.RecordHash(line)) })
	if err != nil {
		return nil, err
	}
	size := checkpoint.size
	if tree.hasRoot(size, checkpoint.root) {
		if tree.size == size {
			return tree, nil
		}
		return nil, badLeaf(events, size, size)
	}
	signed, err := treeOfTiles(members, size)
	if err != nil {
		return nil, err
	}
	if signed != nil && signed.hasRoot(size, checkpoint.root) {
		entry := int64(0)
		for entry < tree.size && entry < size && tree.leaf(entry) == signed.leaf(entry) {
			entry++
		}
		return nil, badLeaf(events, entry, size)
	}
	from, to := int64(0), size
	for _, known := range earlier {
		if known.size > from && tree.hasRoot(known.size, known.root) {
			from = known.size
		}
	}
	for _, known := range earlier {
		if known.size > from && known.size < to {
			to = known.size
		}
	}
	return nil, &Bad{
		Range:   &[2]int64{from, to - 1},
		File:    "events.jsonl",
		Problem: "the entries do not make the signed tree, and the tiles do not either",
	}
}

func badLeaf(events *Member, entry, size int64) error {
	var leaf []byte
	err := events.eachLine(func(index int64, line []byte) error {
		if index == entry {
			leaf = line
			return io.EOF
		}
		return nil
	})
	if err == nil {
		return badEntry(entry, "it is missing: the signed tree has %d entries", size)
	}
	if err != io.EOF {
		return err
	}
	if entry >= size {
		return badEntry(entry, "it was added: the signed tree has %d entries", size)
	}
	value, _ := parseCanonical(leaf)
	event, _ := value.(map[string]any)
	if seq, isNumber := event["seq"].(json.Number); isNumber && string(seq) != fmt.Sprint(entry) {
		return badEntry(entry, "entry %s stands in its place", seq)
	}
	return badEntry(entry, "it is not the entry that was signed")
}

// checkPrefixes does FORMAT 4, without the keys: a proof of consistency for each earlier checkpoint.
func checkPrefixes(tree *Tree, checkpoint *Checkpoint, earlier []*Checkpoint) error {
	before := int64(0)
	for _, known := range earlier {
		if known.size <= before || known.size >= checkpoint.size {
			return badFile("checkpoints.txt", "its checkpoints are not smaller than the newest one, oldest first")
		}
		proof, err := tlog.ProveTree(tree.size, known.size, tree)
		if err != nil {
			return err
		}
		err = tlog.CheckTree(proof, checkpoint.size, checkpoint.root, known.size, known.root)
		if err != nil || known.origin != checkpoint.origin {
			return &Bad{
				Range:   &[2]int64{before, known.size - 1},
				File:    "checkpoints.txt",
				Problem: fmt.Sprintf("the record of %d entries that was signed earlier is not part of this one", known.size),
			}
		}
		before = known.size
	}
	return nil
}

// tileName is the package's own path, without the height, which C2SP tlog-tiles leaves out.
func tileName(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if tile.L == -1 {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return "log/tile/" + path
}

// tilesOf are the tiles of a tree, of each partial one its widest: the package lists the narrower ones too.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if last := len(tiles) - 1; last >= 0 && tiles[last].L == tile.L && tiles[last].N == tile.N {
			tiles = tiles[:last]
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// checkTiles does FORMAT 7: every tile holds what the leaves make, and there is no other.
func checkTiles(members *Members, tree *Tree) error {
	expected := map[string]bool{}
	var bundles []tlog.Tile
	for _, tile := range tilesOf(tree.size) {
		name := tileName(tile)
		expected[name] = true
		content, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		if !members.byName[name].holds(content) {
			return badFile(name, "it does not hold the hashes of the entries")
		}
		if tile.L == 0 {
			tile.L = -1
			bundles = append(bundles, tile)
		}
	}
	lines, err := members.byName["events.jsonl"].lines()
	if err != nil {
		return err
	}
	defer lines.close()
	for _, tile := range bundles {
		name := tileName(tile)
		expected[name] = true
		var content []byte
		for n := 0; n < tile.W; n++ {
			leaf, err := lines.next()
			if err != nil {
				return err
			}
			content = append(binary.BigEndian.AppendUint16(content, uint16(len(leaf))), leaf...)
		}
		if !members.byName[name].holds(content) {
			return badFile(name, "it does not hold the entries of events.jsonl")
		}
	}
	for _, member := range members.inTurn {
		if strings.HasPrefix(member.name, "log/tile/") && !expected[member.name] {
			return badFile(member.name, "no tile of this tree has this name")
		}
	}
	return nil
}
