package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/mongodb/mongo-tools/mongorestore"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
)

// restore drops the database only after it has downloaded and verified the whole backup.
func restore(ctx context.Context, known settings, name string, isInUse bool) error {
	found, err := backups(ctx, known)
	if err != nil {
		return err
	}
	wanted := slices.IndexFunc(found, func(one backup) bool { return name == "latest" || one.name == name })
	if wanted < 0 {
		return fmt.Errorf("there is no complete backup %s of %s", name, known.database)
	}
	made, err := readManifest(ctx, known, found[wanted].name)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "archive.gz")
	if err := download(ctx, known, made, file); err != nil {
		return err
	}
	if _, err := verifyArchive(file, known.database); err != nil {
		return err
	}
	parameters := []string{"--uri=" + known.mongoURL, "--nsInclude=" + known.database + ".*", "--archive=" + file, "--gzip"}
	options, err := mongorestore.ParseOptions(parameters, "", "")
	if err != nil {
		return err
	}
	tool, err := mongorestore.New(options)
	if err != nil {
		return err
	}
	defer tool.Close()
	// The tool's own connection, so that nothing is dropped where nothing can be restored.
	client, err := tool.SessionProvider.GetSession()
	if err != nil {
		return err
	}
	if err := dropDatabase(ctx, client, known.database, isInUse); err != nil {
		return err
	}
	result := tool.Restore()
	if result.Err != nil || result.Failures > 0 || result.Successes != int64(made.Documents) {
		return fmt.Errorf("%s is incomplete, %d of %d documents were restored: do not start its service, restore again: %w",
			known.database, result.Successes, made.Documents, result.Err)
	}
	fmt.Printf("restored %s: %s, %d documents\n", known.database, made.Name, made.Documents)
	return nil
}

func download(ctx context.Context, known settings, made manifest, path string) error {
	content, err := known.store.get(ctx, known.database+"/"+made.Name+archiveEnding)
	if err != nil {
		return err
	}
	defer content.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("cannot fetch %s: %w", made.Name, err)
	}
	digest, _, err := digestOf(os.Open(path))
	if err == nil && digest != made.SHA256 {
		err = fmt.Errorf("%s is damaged: its content is not what was backed up", made.Name)
	}
	return err
}

func dropDatabase(ctx context.Context, client *mongo.Client, database string, isInUse bool) error {
	if err := requirePrimary(ctx, client, database); err != nil {
		return err
	}
	if !isInUse {
		others, err := otherClients(ctx, client)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return fmt.Errorf("%s is in use by %v: stop its service first, or use --in-use if these clients do not belong to it", database, others)
		}
	}
	return client.Database(database).Drop(ctx)
}

// requirePrimary fails for a secondary, which may lag behind and accepts no writes. An address of one host can lead to one.
func requirePrimary(ctx context.Context, client *mongo.Client, database string) error {
	var hello struct {
		IsWritablePrimary bool `bson:"isWritablePrimary"`
	}
	if err := client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return err
	}
	if !hello.IsWritablePrimary {
		return fmt.Errorf("this member of the replica set of %s is not its primary: list all members in MONGO_URL", database)
	}
	return nil
}

// The names that members of a replica set give to their connections to each other.
var ofMembers = primitive.Regex{Pattern: "^(NetworkInterfaceTL|MongoDB Internal Client)"}

// otherClients returns the addresses of other connected clients. Other members are not clients, nor are those in the server's
// own pod, such as a port forwarded by kubectl.
func otherClients(ctx context.Context, client *mongo.Client) ([]string, error) {
	var self struct{ You string }
	admin := client.Database("admin")
	if err := admin.RunCommand(ctx, bson.D{{Key: "whatsmyuri", Value: 1}}).Decode(&self); err != nil {
		return nil, err
	}
	own, _, err := net.SplitHostPort(self.You)
	if err != nil {
		return nil, err
	}
	cursor, err := admin.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$currentOp", Value: bson.D{{Key: "allUsers", Value: true}, {Key: "idleConnections", Value: true}}}},
		{{Key: "$match", Value: bson.D{
			{Key: "clientMetadata", Value: bson.D{{Key: "$exists", Value: true}}},
			{Key: "clientMetadata.driver.name", Value: bson.D{{Key: "$not", Value: ofMembers}}},
		}}},
	})
	if err != nil {
		return nil, err
	}
	var connections []struct{ Client string }
	if err := cursor.All(ctx, &connections); err != nil {
		return nil, err
	}
	var others []string
	for _, connection := range connections {
		host, _, err := net.SplitHostPort(connection.Client)
		if err == nil && host != own && host != "127.0.0.1" && !slices.Contains(others, host) {
			others = append(others, host)
		}
	}
	return others, nil
}
