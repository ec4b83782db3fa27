// referee - an independent reading of a log: Go's golang.org/x/mod (sumdb/note, sumdb/tlog), nothing of ours.
//
//	referee DIRECTORY VKEY
//
// DIRECTORY holds a log as C2SP tlog-tiles lays it out, and what was made from it: checkpoint.N (older ones), request.N (what a witness is asked),
// N.tlog-proof (receipts). Everything that is there is checked; the first thing that does not hold ends with status 1 and one line.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func refuse(format string, args ...interface{}) {
	fmt.Printf("refused: "+format+"\n", args...)
	os.Exit(1)
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		refuse("%v", err)
	}
	return bytes
}

// The three lines of a checkpoint.
func parse(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		refuse("a checkpoint has three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		refuse("size %q", lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		refuse("root %q", lines[2])
	}
	return tlog.Tree{N: size, Hash: hash}
}

func open(bytes []byte, verifier note.Verifier) tlog.Tree {
	n, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		refuse("note: %v", err)
	}
	if !strings.HasPrefix(n.Text, verifier.Name()+"\n") {
		refuse("the checkpoint is one of another log")
	}
	return parse(n.Text)
}

// Tiles as files; their paths are ours without the height.
type tiles struct{ directory string }

func (t tiles) Height() int { return 8 }
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range list {
		bytes, err := os.ReadFile(filepath.Join(t.directory, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}
func (t tiles) SaveTiles(list []tlog.Tile, data [][]byte) {}

// Entry bundle n of a log of that size.
func entries(directory string, n, size int64) [][]byte {
	tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
	if size-n*256 < 256 {
		tile.W = int(size - n*256)
	}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	bytes := read(filepath.Join(directory, path))
	var list [][]byte
	for len(bytes) > 0 {
		if len(bytes) < 2 || len(bytes) < 2+int(binary.BigEndian.Uint16(bytes)) {
			refuse("%s is cut", path)
		}
		length := int(binary.BigEndian.Uint16(bytes))
		list = append(list, bytes[2:2+length])
		bytes = bytes[2+length:]
	}
	if len(list) != tile.W {
		refuse("%s has %d entries, not %d", path, len(list), tile.W)
	}
	return list
}

func hashes(lines []string) []tlog.Hash {
	var list []tlog.Hash
	for _, line := range lines {
		h, err := tlog.ParseHash(line)
		if err != nil {
			refuse("proof line %q", line)
		}
		list = append(list, h)
	}
	return list
}

// A head, lines, an empty line, the rest.
func parts(bytes []byte) ([]string, []byte) {
	text := string(bytes)
	gap := strings.Index(text, "\n\n")
	if gap < 0 {
		refuse("there is no empty line")
	}
	return strings.Split(text[:gap], "\n"), []byte(text[gap+2:])
}

func number(line, key string) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(line, key+" "), 10, 64)
	if err != nil {
		refuse("%s: %q", key, line)
	}
	return n
}

func glob(directory, pattern string) []string {
	list, _ := filepath.Glob(filepath.Join(directory, pattern))
	sort.Strings(list)
	return list
}

func main() {
	directory := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		refuse("key: %v", err)
	}
	tree := open(read(filepath.Join(directory, "checkpoint")), verifier)
	reader := tlog.TileHashReader(tree, tiles{directory})
	total := int64(0)
	for n := int64(0); n*256 < tree.N; n++ {
		var indexes []int64
		list := entries(directory, n, tree.N)
		for i := range list {
			indexes = append(indexes, tlog.StoredHashIndex(0, n*256+int64(i)))
		}
		stored, err := reader.ReadHashes(indexes)
		if err != nil {
			refuse("tiles: %v", err)
		}
		for i, entry := range list {
			if tlog.RecordHash(entry) != stored[i] {
				refuse("entry %d", n*256+int64(i))
			}
			total++
		}
	}
	for n := int64(0); n < tree.N; n += 1 + tree.N/50 {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			refuse("inclusion of %d: %v", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(entries(directory, n/256, tree.N)[n%256])); err != nil {
			refuse("inclusion of %d: %v", n, err)
		}
	}
	old := map[int64]tlog.Hash{}
	for _, path := range glob(directory, "checkpoint.*") {
		before := open(read(path), verifier)
		old[before.N] = before.Hash
		if before.N == 0 || before.N > tree.N {
			refuse("%s: the log has %d entries now", filepath.Base(path), tree.N)
		}
		proof, err := tlog.ProveTree(tree.N, before.N, reader)
		if err == nil {
			err = tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash)
		}
		if err != nil {
			refuse("%s: fork: %v", filepath.Base(path), err)
		}
	}
	requests := glob(directory, "request.*")
	for _, path := range requests {
		lines, bytes := parts(read(path))
		now, size := open(bytes, verifier), number(lines[0], "old")
		if err := tlog.CheckTree(hashes(lines[1:]), now.N, now.Hash, size, old[size]); err != nil {
			refuse("%s: %v", filepath.Base(path), err)
		}
	}
	receipts := glob(directory, "*.tlog-proof")
	for _, path := range receipts {
		lines, bytes := parts(read(path))
		now := open(bytes, verifier)
		if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") {
			refuse("%s: head", filepath.Base(path))
		}
		entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
		if err == nil {
			err = tlog.CheckRecord(hashes(lines[3:]), now.N, now.Hash, number(lines[2], "index"), tlog.RecordHash(entry))
		}
		if err != nil {
			refuse("%s: %v", filepath.Base(path), err)
		}
	}
	fmt.Printf("%d entries, %d older checkpoints, %d consistency proofs, %d receipts\n", total, len(old), len(requests), len(receipts))
}
