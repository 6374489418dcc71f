package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"hash"
	"hash/crc64"
	"maps"
	"os"
	"slices"

	"github.com/mongodb/mongo-tools/common/archive"
	"go.mongodb.org/mongo-driver/bson"
)

// verifyArchive reads an archive of mongodump to its end and returns the number of documents of each collection.
// It fails unless the checksums of every collection and of gzip are correct. mongorestore's --dryRun only reads the header,
// and mongodump does not notice that the end could not be written.
func verifyArchive(path, database string) (map[string]int, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("the archive is not complete: %w", err)
	}
	var prelude archive.Prelude
	if err := prelude.Read(unpacked); err != nil {
		return nil, fmt.Errorf("the archive is not complete: %w", err)
	}
	reader := archiveReader{database: database, documents: map[string]int{}, open: map[string]hash.Hash64{}}
	for _, collection := range prelude.NamespaceMetadatas {
		if collection.Type != "view" {
			reader.documents[collection.Collection] = 0
			reader.open[collection.Collection] = crc64.New(table)
		}
	}
	parser := archive.Parser{In: unpacked}
	if err := parser.ReadAllBlocks(&reader); err != nil {
		return nil, fmt.Errorf("the archive is not complete: %w", err)
	}
	return reader.documents, nil
}

var table = crc64.MakeTable(crc64.ECMA)

type archiveReader struct {
	database  string
	documents map[string]int
	open      map[string]hash.Hash64
	current   string
}

func (r *archiveReader) HeaderBSON(data []byte) error {
	var header archive.NamespaceHeader
	if err := bson.Unmarshal(data, &header); err != nil {
		return err
	}
	sum, isOpen := r.open[header.Collection]
	if header.Database != r.database || !isOpen {
		return fmt.Errorf("unexpected namespace %s.%s", header.Database, header.Collection)
	}
	if header.EOF {
		if int64(sum.Sum64()) != header.CRC {
			return fmt.Errorf("the checksum of %s is wrong", header.Collection)
		}
		delete(r.open, header.Collection)
	}
	r.current = header.Collection
	return nil
}

func (r *archiveReader) BodyBSON(data []byte) error {
	sum, isOpen := r.open[r.current]
	if !isOpen {
		return fmt.Errorf("documents follow the end of %s", r.current)
	}
	r.documents[r.current]++
	_, err := sum.Write(data)
	return err
}

func (r *archiveReader) End() error {
	if len(r.open) > 0 {
		return fmt.Errorf("the end of %v is missing", slices.Sorted(maps.Keys(r.open)))
	}
	return nil
}
