package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mongodb/mongo-tools/mongodump"
)

// manifest completes a backup: without one, a backup does not count. It is written last and removed first.
type manifest struct {
	Name        string         `json:"name"`
	Database    string         `json:"database"`
	StartedAt   time.Time      `json:"startedAt"`
	Bytes       int64          `json:"bytes"`
	SHA256      string         `json:"sha256"`
	Documents   int            `json:"documents"`
	Collections map[string]int `json:"collections"`
}

const (
	archiveEnding  = ".archive.gz"
	manifestEnding = ".json"
	timeInNames    = "2006-01-02T15-04-05.000Z"
	// Longer than a job may take, so that files of a running job are kept.
	leftoverAfter = 24 * time.Hour
)

func dump(ctx context.Context, known settings) error {
	// First, because an unreachable target or a rejected key should not cost the database a scan.
	before, err := backups(ctx, known)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)

	startedAt := time.Now().UTC()
	made := manifest{Name: nameOf(startedAt), Database: known.database, StartedAt: startedAt}
	file := filepath.Join(folder, "archive.gz")
	if err := writeArchive(ctx, known, file); err != nil {
		return err
	}
	if made.Collections, err = verifyArchive(file, known.database); err != nil {
		return err
	}
	for _, documents := range made.Collections {
		made.Documents += documents
	}
	// Otherwise retention would gradually replace all backups of a database that was emptied by mistake.
	if made.Documents == 0 && len(before) > 0 {
		last, err := readManifest(ctx, known, before[0].name)
		if err != nil {
			return err
		}
		if last.Documents > 0 {
			return fmt.Errorf("%s is empty, and its last backup, %s, has %d documents: nothing is stored, and all backups are kept",
				known.database, last.Name, last.Documents)
		}
	}
	if made.SHA256, made.Bytes, err = digestOf(os.Open(file)); err != nil {
		return err
	}
	if err := upload(ctx, known, made, folder); err != nil {
		return err
	}
	if err := prune(ctx, known); err != nil {
		return fmt.Errorf("%s is stored, but %w", made.Name, err)
	}
	fmt.Printf("backed up %s: %s, %d documents, %d bytes\n", known.database, made.Name, made.Documents, made.Bytes)
	return nil
}

// Names sort by time; the random suffix keeps those of concurrent jobs apart.
func nameOf(at time.Time) string {
	random := make([]byte, 3)
	_, _ = rand.Read(random) // never fails
	return at.Format(timeInNames) + "-" + hex.EncodeToString(random)
}

func writeArchive(ctx context.Context, known settings, path string) error {
	options, err := mongodump.ParseOptions([]string{"--uri=" + known.mongoURL, "--archive=" + path, "--gzip"}, "", "")
	if err != nil {
		return err
	}
	tool := mongodump.MongoDump{ToolOptions: options.ToolOptions, InputOptions: options.InputOptions, OutputOptions: options.OutputOptions}
	if err := tool.Init(); err != nil {
		return fmt.Errorf("cannot read %s: %w", known.database, err)
	}
	client, err := tool.SessionProvider.GetSession()
	if err != nil {
		return err
	}
	if err := requirePrimary(ctx, client, known.database); err != nil {
		return err
	}
	if err := tool.Dump(); err != nil {
		return fmt.Errorf("cannot read %s: %w", known.database, err)
	}
	return nil
}

// upload stores the archive, reads it back, and only then stores the manifest.
func upload(ctx context.Context, known settings, made manifest, folder string) error {
	archive := known.database + "/" + made.Name + archiveEnding
	if err := known.store.put(ctx, archive, filepath.Join(folder, "archive.gz")); err != nil {
		return fmt.Errorf("cannot store the backup: %w", err)
	}
	stored, _, err := digestOf(known.store.get(ctx, archive))
	if err != nil {
		return fmt.Errorf("cannot read the stored backup: %w", err)
	}
	if stored != made.SHA256 {
		return fmt.Errorf("%s was stored with different content", archive)
	}
	text, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(folder, "manifest.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	if err := known.store.put(ctx, known.database+"/"+made.Name+manifestEnding, file); err != nil {
		return fmt.Errorf("cannot store the backup's manifest: %w", err)
	}
	return nil
}

func digestOf(content io.ReadCloser, err error) (digest string, bytes int64, _ error) {
	if err != nil {
		return "", 0, err
	}
	defer content.Close()
	sum := sha256.New()
	bytes, err = io.Copy(sum, content)
	return hex.EncodeToString(sum.Sum(nil)), bytes, err
}

type backup struct {
	name string
	at   time.Time
}

// backups returns the complete backups, newest first.
func backups(ctx context.Context, known settings) ([]backup, error) {
	objects, err := known.store.list(ctx, known.database)
	if err != nil {
		return nil, err
	}
	var found []backup
	for _, object := range objects {
		if name, isManifest := strings.CutSuffix(filepath.Base(object.name), manifestEnding); isManifest {
			at, err := time.Parse(timeInNames, name[:min(len(timeInNames), len(name))])
			if err != nil {
				return nil, fmt.Errorf("%s is not the name of a backup", object.name)
			}
			found = append(found, backup{name, at})
		}
	}
	slices.SortFunc(found, func(a, b backup) int { return strings.Compare(b.name, a.name) })
	return found, nil
}

func readManifest(ctx context.Context, known settings, name string) (found manifest, err error) {
	content, err := known.store.get(ctx, known.database+"/"+name+manifestEnding)
	if err != nil {
		return found, err
	}
	defer content.Close()
	if err := json.NewDecoder(content).Decode(&found); err != nil {
		return found, fmt.Errorf("cannot read the manifest of %s: %w", name, err)
	}
	if found.Name != name || found.Database != known.database {
		return found, fmt.Errorf("the manifest of %s describes %s of %s", name, found.Name, found.Database)
	}
	return found, nil
}

// retention: the newest backups, and the newest of each of the last days and weeks that have one. A backup is removed
// only because newer ones exist, never because of its age: while backups fail, the last good ones are kept.
type retention struct{ last, daily, weekly int }

func (keep retention) expired(newestFirst []backup) (expired []backup) {
	days, weeks := map[string]bool{}, map[string]bool{}
	isFirst := func(seen map[string]bool, period string, limit int) bool {
		if seen[period] || len(seen) >= limit {
			return false
		}
		seen[period] = true
		return true
	}
	for n, one := range newestFirst {
		year, week := one.at.ISOWeek()
		isOfDay := isFirst(days, one.at.Format(time.DateOnly), keep.daily)
		isOfWeek := isFirst(weeks, fmt.Sprint(year, week), keep.weekly)
		if n >= keep.last && !isOfDay && !isOfWeek {
			expired = append(expired, one)
		}
	}
	return expired
}

func prune(ctx context.Context, known settings) error {
	complete, err := backups(ctx, known)
	if err != nil {
		return err
	}
	expired := known.keep.expired(complete)
	for _, one := range expired {
		if err := known.store.remove(ctx, known.database+"/"+one.name+manifestEnding); err != nil {
			return fmt.Errorf("cannot remove an old backup: %w", err)
		}
		fmt.Printf("removed %s\n", one.name)
	}
	objects, err := known.store.list(ctx, known.database)
	if err != nil {
		return err
	}
	// Files without a manifest: archives of the removed backups, and leftovers of killed jobs.
	leftover := time.Now().Add(-leftoverAfter)
	for _, object := range objects {
		file := filepath.Base(object.name)
		isOf := func(one backup) bool { return file == one.name+archiveEnding || file == one.name+manifestEnding }
		if slices.ContainsFunc(expired, isOf) || (!slices.ContainsFunc(complete, isOf) && object.modified.Before(leftover)) {
			err = errors.Join(err, known.store.remove(ctx, object.name))
		}
	}
	return err
}

func list(ctx context.Context, known settings) error {
	found, err := backups(ctx, known)
	if err != nil {
		return err
	}
	for _, one := range found {
		made, err := readManifest(ctx, known, one.name)
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%d documents\t%d bytes\n", made.Name, made.Documents, made.Bytes)
	}
	if len(found) == 0 {
		return fmt.Errorf("there is no backup of %s", known.database)
	}
	return nil
}
