// Backs up one MongoDB database to an S3-compatible bucket or a folder, and restores it.
//
//	backup dump               makes a backup, verifies it, then removes expired ones
//	backup list               prints the complete backups, newest first
//	backup restore NAME       replaces the database by a backup; "latest" is the newest
//	backup restore --in-use NAME    the same, while clients are connected
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

type settings struct {
	mongoURL string
	database string
	store    store
	keep     retention
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Failed:", withoutPassword(err.Error()))
		os.Exit(1)
	}
}

// Errors of mongo-tools quote the whole URL.
func withoutPassword(text string) string {
	if address, err := url.Parse(os.Getenv("MONGO_URL")); err == nil {
		if password, isSet := address.User.Password(); isSet && password != "" {
			return strings.ReplaceAll(text, password, "…")
		}
	}
	return text
}

func run(ctx context.Context, args []string) error {
	command := strings.Join(args, " ")
	isRestore := len(args) >= 2 && args[0] == "restore" && args[len(args)-1] != "--in-use"
	isInUse := len(args) == 3 && args[1] == "--in-use"
	if command != "dump" && command != "list" && !(isRestore && (len(args) == 2 || isInUse)) {
		return fmt.Errorf("unknown command %q: use dump, list, or restore [--in-use] NAME", command)
	}
	known, err := readSettings()
	if err != nil {
		return err
	}
	switch args[0] {
	case "dump":
		return dump(ctx, known)
	case "list":
		return list(ctx, known)
	default:
		return restore(ctx, known, args[len(args)-1], isInUse)
	}
}

// readSettings reports all problems at once.
func readSettings() (settings, error) {
	var problems []error
	required := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
		return value
	}
	count := func(name string, minimum int) int {
		value, err := strconv.Atoi(os.Getenv(name))
		if err != nil || value < minimum {
			problems = append(problems, fmt.Errorf("%s must be a whole number of at least %d", name, minimum))
		}
		return value
	}

	known := settings{mongoURL: required("MONGO_URL")}
	if known.mongoURL != "" {
		address, err := url.Parse(known.mongoURL)
		if err != nil { // not printed, because it may contain the password
			problems = append(problems, errors.New("MONGO_URL is not a URL"))
		} else if known.database = strings.TrimPrefix(address.Path, "/"); known.database == "" {
			problems = append(problems, errors.New("MONGO_URL names no database: mongodb://HOST/DATABASE"))
		}
	}
	known.keep = retention{
		last:   count("BACKUP_KEEP_LAST", 1),
		daily:  count("BACKUP_KEEP_DAILY", 0),
		weekly: count("BACKUP_KEEP_WEEKLY", 0),
	}
	if target := required("BACKUP_URL"); target != "" {
		var err error
		if known.store, err = openStore(target); err != nil {
			problems = append(problems, err)
		}
	}
	return known, errors.Join(problems...)
}
