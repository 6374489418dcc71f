package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

type object struct {
	name     string
	modified time.Time
}

// store keeps backups. Writes are atomic: an object is complete or absent.
type store interface {
	list(ctx context.Context, folder string) ([]object, error)
	put(ctx context.Context, name, file string) error
	get(ctx context.Context, name string) (io.ReadCloser, error)
	remove(ctx context.Context, name string) error
}

func openStore(address string) (store, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("BACKUP_URL is not a URL: %w", err)
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(parsed.Path, "/"), "/")
	switch {
	case parsed.Scheme == "file" && parsed.Host == "" && parsed.Path != "":
		return folderStore(parsed.Path), nil
	case (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "" && bucket != "":
		key, secret := os.Getenv("BACKUP_ACCESS_KEY_ID"), os.Getenv("BACKUP_SECRET_ACCESS_KEY")
		if key == "" || secret == "" {
			return nil, errors.New("BACKUP_ACCESS_KEY_ID and BACKUP_SECRET_ACCESS_KEY are not both set")
		}
		client, err := minio.New(parsed.Host, &minio.Options{
			Creds:  credentials.NewStaticV4(key, secret, ""),
			Secure: parsed.Scheme == "https",
			Region: os.Getenv("BACKUP_REGION"), // determined by a request if not set
			// If the target is down, the job fails quickly; the next one runs in an hour.
			MaxRetries: 4,
		})
		return bucketStore{client, bucket, prefix}, err
	}
	return nil, fmt.Errorf("BACKUP_URL must be https://HOST/BUCKET, with an optional prefix, or file:///FOLDER, and is %q", address)
}

type bucketStore struct {
	client         *minio.Client
	bucket, prefix string
}

func (s bucketStore) key(name string) string {
	if s.prefix == "" {
		return name
	}
	return s.prefix + "/" + name
}

func (s bucketStore) list(ctx context.Context, folder string) ([]object, error) {
	var found []object
	base := s.key("")
	for info := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.key(folder) + "/"}) {
		if info.Err != nil {
			return nil, fmt.Errorf("cannot list the bucket %s of %s: %w", s.bucket, s.client.EndpointURL(), info.Err)
		}
		found = append(found, object{strings.TrimPrefix(info.Key, base), info.LastModified})
	}
	return found, nil
}

func (s bucketStore) put(ctx context.Context, name, file string) error {
	_, err := s.client.FPutObject(ctx, s.bucket, s.key(name), file, minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		DisableContentSha256: true, // what is stored is read back and compared
	})
	return err
}

func (s bucketStore) get(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.client.GetObject(ctx, s.bucket, s.key(name), minio.GetObjectOptions{})
}

func (s bucketStore) remove(ctx context.Context, name string) error {
	return s.client.RemoveObject(ctx, s.bucket, s.key(name), minio.RemoveObjectOptions{})
}

type folderStore string

func (s folderStore) path(name string) string {
	return filepath.Join(string(s), filepath.FromSlash(name))
}

const partial = ".partial-"

func (s folderStore) list(_ context.Context, folder string) ([]object, error) {
	if _, err := os.Stat(string(s)); err != nil {
		return nil, err // do not mistake a missing volume for an empty one
	}
	entries, err := os.ReadDir(s.path(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []object
	for _, entry := range entries {
		file, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed or renamed by another job
		}
		if err != nil {
			return nil, err
		}
		found = append(found, object{folder + "/" + file.Name(), file.ModTime()})
	}
	return found, nil
}

// Written and synced under a temporary name, then renamed: a full disk or a kill leaves nothing under the real name.
func (s folderStore) put(_ context.Context, name, file string) error {
	path := s.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	temporary, err := os.CreateTemp(filepath.Dir(path), ".partial-")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails without effect after the rename
	_, err = io.Copy(temporary, source)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (s folderStore) get(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(s.path(name))
}

func (s folderStore) remove(_ context.Context, name string) error {
	if err := os.Remove(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
