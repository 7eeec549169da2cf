package main

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// RFC 8785 appendix B: the bits of a double, and its text.
var numbers = map[uint64]string{
	0x0000000000000000: "0",
	0x8000000000000000: "0",
	0x0000000000000001: "5e-324",
	0x8000000000000001: "-5e-324",
	0x7fefffffffffffff: "1.7976931348623157e+308",
	0xffefffffffffffff: "-1.7976931348623157e+308",
	0x4340000000000000: "9007199254740992",
	0xc340000000000000: "-9007199254740992",
	0x4430000000000000: "295147905179352830000",
	0x44b52d02c7e14af5: "9.999999999999997e+22",
	0x44b52d02c7e14af6: "1e+23",
	0x44b52d02c7e14af7: "1.0000000000000001e+23",
	0x444b1ae4d6e2ef4e: "999999999999999700000",
	0x444b1ae4d6e2ef4f: "999999999999999900000",
	0x444b1ae4d6e2ef50: "1e+21",
	0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
	0x3eb0c6f7a0b5ed8d: "0.000001",
	0x41b3de4355555553: "333333333.3333332",
	0x41b3de4355555554: "333333333.33333325",
	0x41b3de4355555555: "333333333.3333333",
	0x41b3de4355555556: "333333333.3333334",
	0x41b3de4355555557: "333333333.33333343",
	0xbecbf647612f3696: "-0.0000033333333333333333",
	0x43143ff3c1cb0959: "1424953923781206.2",
}

func TestNumbers(t *testing.T) {
	for bits, want := range numbers {
		token := strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64)
		if got, err := numberText(token); err != nil || got != want {
			t.Errorf("%x is %q and not %q (%v)", bits, got, want, err)
		}
	}
}

func TestCanonical(t *testing.T) {
	deep := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for _, text := range []string{
		// RFC 8785 section 3.2.3: by UTF-16 code units, in which the face comes before the Hebrew letter.
		"{\"\\r\":1,\"1\":2,\"\u0080\":3,\"\u00f6\":4,\"\u20ac\":5,\"\U0001f600\":6,\"\ufb33\":7}",
		`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		"\"\u2028<>&\x7f\"", deep(100),
	} {
		if _, ok := parseCanonical([]byte(text)); !ok {
			t.Errorf("%.60q is refused", text)
		}
	}
	for _, text := range []string{
		`{"a": 1}`, "{\"a\":1}\n", `{"b":1,"a":2}`, `{"a":1,"a":1}`, "{\"\ufb33\":1,\"\U0001f600\":2}",
		"1.0", "1e2", "1e-07", "-0", "1e999", "12345678901234567890", `"\u0061"`, `"\u00e4"`, `"\/"`, `"\ud800"`,
		"\ufeff{}", "NaN", "", "\"\xff\"", "\"\xed\xa0\x80\"", deep(101), deep(100_000),
	} {
		if _, ok := parseCanonical([]byte(text)); ok {
			t.Errorf("%.60q is accepted", text)
		}
	}
}

// The vectors of Certificate Transparency's reference implementation.
var leaves = []string{
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
}
var roots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func TestRoots(t *testing.T) {
	tree := &Tree{}
	for _, text := range leaves {
		leaf, _ := hex.DecodeString(text)
		if err := tree.add(tlog.RecordHash(leaf)); err != nil {
			t.Fatal(err)
		}
	}
	for size, text := range roots {
		var root tlog.Hash
		hex.Decode(root[:], []byte(text))
		if !tree.hasRoot(int64(size), root) {
			t.Errorf("the root of %d leaves is another", size)
		}
		if root[0] ^= 1; tree.hasRoot(int64(size), root) || tree.hasRoot(9, root) {
			t.Errorf("any root of %d leaves is taken", size)
		}
	}
}

// C2SP tlog-tiles: its example of 70,000 leaves, and names of several groups of digits.
func TestTiles(t *testing.T) {
	tiles := tilesOf(70_000)
	var names []string
	for _, tile := range tiles[271:] {
		names = append(names, tileName(tile))
	}
	want := "log/tile/0/271 log/tile/0/272 log/tile/0/273.p/112 " +
		"log/tile/1/000 log/tile/1/001.p/17 log/tile/2/000.p/1"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the tiles are %s", got)
	}
	if got := tileName(tlog.Tile{H: 8, L: -1, N: 1_234_067, W: 8}); got != "log/tile/entries/x001/x234/067.p/8" {
		t.Errorf("the entries are in %s", got)
	}
}

// The example of C2SP signed-note.
const exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

func TestKeys(t *testing.T) {
	if key := parseKey(exampleKey); key == nil || key.name != "example.com/foo" {
		t.Error("the example is refused")
	}
	for _, line := range []string{
		strings.Replace(exampleKey, "530d903a", "530d903b", 1),
		strings.Replace(exampleKey, "530d903a", "530D903A", 1),
		strings.Replace(exampleKey, "foo", "fo o", 1),
		strings.Replace(exampleKey, "+Aek", "+Bek", 1),
		exampleKey + "\n", exampleKey[:len(exampleKey)-4],
	} {
		if parseKey(line) != nil {
			t.Errorf("%q is accepted", line)
		}
	}
}
