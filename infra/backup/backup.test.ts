import { createHash, randomBytes, randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { mongo } from "mongoose";
import { startReplicaSet } from "../../common/test/replica-set";
import { freePort } from "../local/port";
import { type Bucket, build, forward, type Outcome, outcomeOf, startBucket } from "./testing";

const server = () => String(process.env.TEST_MONGO_URL);

let program: string;
let bucket: Bucket;
let client: mongo.MongoClient;
beforeAll(async () => {
  const built = await build();
  program = join(built, "backup");
  bucket = await startBucket(join(built, "gofakes3"));
  client = await new mongo.MongoClient(server()).connect();
}, 600_000); // without a cache, everything is compiled
afterAll(async () => {
  bucket.stop();
  await client.close();
  await rm(dirname(program), { recursive: true });
});

let db: mongo.Db;
/** A folder for each test, like a volume for backups. */
let folder: string;
beforeEach(() => {
  db = client.db(`backup-${randomUUID().slice(0, 8)}`);
  folder = mkdtempSync(join(tmpdir(), "backups-"));
});
afterEach(async () => {
  await db.dropDatabase();
  await rm(folder, { recursive: true });
});

const toFolder = () => ({ BACKUP_URL: `file://${folder}` });
const toBucket = (url = bucket.url) => ({
  BACKUP_URL: `${url}/production`,
  BACKUP_ACCESS_KEY_ID: "key",
  BACKUP_SECRET_ACCESS_KEY: "secret",
});

const environment = (target: NodeJS.ProcessEnv) => ({
  MONGO_URL: `${server()}/${db.databaseName}`,
  BACKUP_KEEP_LAST: "2",
  BACKUP_KEEP_DAILY: "0",
  BACKUP_KEEP_WEEKLY: "0",
  ...target,
});

const backup = (command: string, target: NodeJS.ProcessEnv): Promise<Outcome> =>
  outcomeOf(program, command.split(" "), environment(target));

/** Resolves with the output of a command that must succeed. */
async function printed(command: string, target: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await backup(command, target);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

const failsWith = (reason: RegExp) =>
  expect.objectContaining({ code: 1, stdout: "", stderr: expect.stringMatching(reason) });

const sell = (...titles: string[]) => db.collection("tickets").insertMany(titles.map((title) => ({ title })));
const titles = async () =>
  (await db.collection("tickets").find().sort({ title: 1 }).toArray()).map((one) => one.title);

async function names(target: NodeJS.ProcessEnv): Promise<string[]> {
  const lines = (await printed("list", target)).trim().split("\n");
  return lines.map((line) => line.split("\t")[0] ?? "");
}

describe.each([
  ["a folder", toFolder],
  ["a bucket", toBucket],
])("in %s", (_, target) => {
  it("preserves a database exactly, with indexes and empty collections, and restores it in place of another", async () => {
    await db.collection<mongo.Document & { _id: string }>("orders").insertMany([
      {
        _id: "one",
        at: new Date(0),
        price: mongo.Decimal128.fromString("12.50"),
        outbox: [{ n: new mongo.Long(7) }],
      },
      { _id: "two", text: "Übergröße ".repeat(10_000) },
    ]);
    await db.createCollection("letters");
    await db.collection("orders").createIndex({ price: 1 }, { unique: true, sparse: true });
    const [orders, indexes] = [
      await db.collection("orders").find().toArray(),
      await db.collection("orders").indexes(),
    ];
    expect(await printed("dump", target())).toMatch(
      /^backed up backup-\w+: [\w.-]+, 2 documents, \d+ bytes$/m,
    );

    await db.collection<{ _id: string }>("orders").deleteOne({ _id: "one" });
    await db.collection("later").insertOne({ was: "not there" });
    expect(await printed("restore latest", target())).toMatch(/^restored .* 2 documents$/m);
    expect(await db.collection("orders").find().toArray()).toEqual(orders);
    expect(await db.collection("orders").indexes()).toEqual(indexes);
    const collections = await db.listCollections().toArray();
    expect(collections.map(({ name }) => name).toSorted()).toEqual(["letters", "orders"]);
  });

  it("restores any listed backup, and lists the newest first", async () => {
    await sell("first");
    await printed("dump", target());
    await sell("second");
    await printed("dump", target());
    const [newest = "", oldest = "", ...others] = await names(target());
    expect(others).toEqual([]);
    await printed(`restore ${oldest}`, target());
    expect(await titles()).toEqual(["first"]);
    await printed(`restore ${newest}`, target());
    expect(await titles()).toEqual(["first", "second"]);
    expect(await backup("restore 2020-01-01T00-00-00.000Z-aaaaaa", target())).toEqual(
      failsWith(/there is no complete backup 2020-01-01T00-00-00.000Z-aaaaaa of backup-/),
    );
  });

  it("removes expired backups only after a new one is complete", async () => {
    await sell("first");
    for (let n = 0; n < 3; n++) await printed("dump", target());
    const kept = await names(target());
    expect(kept).toHaveLength(2);
    await db.dropDatabase();
    const refused = await backup("dump", target());
    expect(refused).toEqual(
      failsWith(/is empty, and its last backup, .*, has 1 documents: nothing is stored/),
    );
    expect(await names(target())).toEqual(kept);
    await printed("restore latest", target());
    expect(await titles()).toEqual(["first"]);
  });

  it("creates two complete backups when two jobs run concurrently", async () => {
    await sell("first");
    await Promise.all([printed("dump", target()), printed("dump", target())]);
    const both = await names(target());
    expect(new Set(both).size).toBe(2);
    for (const name of both) await printed(`restore ${name}`, target());
    expect(await titles()).toEqual(["first"]);
  });

  it("fails if there is nothing to list or restore", async () => {
    expect(await backup("list", target())).toEqual(failsWith(/there is no backup of backup-/));
    expect(await backup("restore latest", target())).toEqual(failsWith(/there is no complete backup latest/));
  });

  it("stores nothing and does not print the password when the database rejects it", async () => {
    const { host } = new URL(server());
    const MONGO_URL = `mongodb://root:open-sesame@${host}/tickets?authSource=admin`;
    const failed = await backup("dump", { ...target(), MONGO_URL });
    expect(failed).toEqual(failsWith(/cannot read tickets: .*Authentication failed/));
    expect(failed.stderr).not.toContain("open-sesame");
    expect(await backup("list", { ...target(), MONGO_URL })).toEqual(
      failsWith(/there is no backup of tickets/),
    );
  });
});

describe("retention", () => {
  /** Backups in the form that jobs store. */
  async function made(...days: string[]): Promise<void> {
    const path = join(folder, db.databaseName);
    await mkdir(path, { recursive: true });
    for (const day of days) {
      const name = `${day}.000Z-aaaaaa`;
      await writeFile(join(path, `${name}.archive.gz`), "");
      const manifest = { name, database: db.databaseName, documents: 1, bytes: 0, sha256: "" };
      await writeFile(join(path, `${name}.json`), JSON.stringify(manifest));
    }
  }
  const hours = async () => (await names(toFolder())).slice(1).map((name) => name.slice(0, 13));

  it("keeps the newest backups, and the newest of each day and week that has one", async () => {
    await sell("first");
    // 2025-03-03 was a Monday.
    await made(
      "2025-03-10T08-00-00",
      "2025-03-10T07-00-00",
      "2025-03-09T23-00-00",
      "2025-03-09T22-00-00",
      "2025-03-08T12-00-00",
      "2025-03-03T12-00-00",
      "2025-02-28T12-00-00",
      "2025-02-20T12-00-00",
      "2025-02-01T12-00-00",
    );
    const keep = { BACKUP_KEEP_LAST: "2", BACKUP_KEEP_DAILY: "4", BACKUP_KEEP_WEEKLY: "4" };
    const output = await printed("dump", { ...toFolder(), ...keep });
    // the last two: today's and 03-10T08 · days: today, 03-10, 03-09, 03-08 · weeks: today's, of 03-10, 03-03 and 02-24
    expect(await hours()).toEqual(["2025-03-10T08", "2025-03-09T23", "2025-03-08T12", "2025-02-28T12"]);
    expect(output.match(/^removed /gm)).toHaveLength(5);
    const files = await readdir(join(folder, db.databaseName));
    expect(files).toHaveLength(10); // an archive is removed with its manifest
  });

  it("does not remove a backup because of its age alone", async () => {
    await made("2020-01-02T00-00-00", "2020-01-01T00-00-00");
    await sell("first");
    const keep = { BACKUP_KEEP_LAST: "1", BACKUP_KEEP_DAILY: "3" };
    await printed("dump", { ...toFolder(), ...keep });
    expect(await hours()).toEqual(["2020-01-02T00", "2020-01-01T00"]);
  });
});

describe("a killed job", () => {
  /** Kills a job at the first request for which `hangs` returns true, which never gets a response. */
  async function killedAt(hangs: (request: IncomingMessage) => boolean): Promise<void> {
    const reached = new EventEmitter();
    const front = createServer((request, response) => {
      if (hangs(request)) reached.emit("request");
      else forward(request, response, bucket.url);
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    const { port } = front.address() as { port: number };
    const url = new URL(bucket.url);
    url.port = String(port);
    const child = spawn(program, ["dump"], {
      env: { ...process.env, ...environment(toBucket(url.href)) },
      stdio: "ignore",
    });
    await once(reached, "request");
    child.kill("SIGKILL");
    await once(child, "exit");
    front.closeAllConnections();
    front.close();
  }

  it.each([
    ["while it uploads", /archive\.gz$/, 0],
    ["while it uploads the second of several parts", /archive\.gz\?partNumber=2&/, 24],
    ["between archive and manifest", /\.json$/, 0],
  ])("%s leaves the last backup unchanged, and the next job succeeds", async (_, path, megabytes) => {
    await sell("first");
    await printed("dump", toBucket());
    const before = await names(toBucket());
    await sell("second");
    // Random, so that it is stored uncompressed.
    const files = Array.from({ length: megabytes }, () => ({
      bytes: new mongo.Binary(randomBytes(2 ** 20)),
    }));
    if (megabytes > 0) await db.collection("files").insertMany(files);
    await killedAt(({ method, url = "" }) => method === "PUT" && path.test(url));
    expect(await names(toBucket())).toEqual(before);
    await printed("dump", toBucket());
    expect(await names(toBucket())).toEqual([expect.any(String), ...before]);
    await db.dropDatabase();
    await printed("restore latest", toBucket());
    expect(await titles()).toEqual(["first", "second"]);
    const restored = await db.collection("files").find().sort({ _id: 1 }).toArray();
    expect(restored.map(({ bytes }) => bytes.toString("hex") as string)).toEqual(
      files.map(({ bytes }) => bytes.toString("hex")),
    );
    await printed(`restore ${before[0]}`, toBucket());
    expect(await titles()).toEqual(["first"]);
  });

  it("leaves files that are removed a day later, and not before", async () => {
    await sell("first");
    await printed("dump", toFolder());
    const path = join(folder, db.databaseName);
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [
      ".partial-1",
      "2026-01-01T00-00-00.000Z-aaaaaa.archive.gz",
      ".partial-2",
      "2026-01-02T00-00-00.000Z-aaaaaa.archive.gz",
    ])
      await writeFile(join(path, name), "half of it");
    for (const name of [".partial-1", "2026-01-01T00-00-00.000Z-aaaaaa.archive.gz"])
      await utimes(join(path, name), yesterday, yesterday);
    await printed("dump", toFolder());
    const halves = (await readdir(path)).filter((name) => name.startsWith(".") || name.includes("aaaaaa"));
    expect(halves.toSorted()).toEqual([".partial-2", "2026-01-02T00-00-00.000Z-aaaaaa.archive.gz"]);
    expect(await names(toFolder())).toHaveLength(2);
  });
});

describe("fails, and keeps all backups, when", () => {
  let before: string[];
  beforeEach(async () => {
    await sell("first");
    await printed("dump", toFolder());
    before = await readdir(join(folder, db.databaseName));
  });
  const isAsBefore = async () => expect(await readdir(join(folder, db.databaseName))).toEqual(before);

  // A file size limit, in blocks of 512 bytes, has the effect of a full volume. A dump shorter than gzip's buffer is only
  // written when it is closed, and mongodump ignores errors at that point.
  it.each([
    ["while the dump is written", 16, 300],
    ["when the end of the dump is written", 1, 3],
  ])("the disk is full %s", async (_, blocks, documents) => {
    const texts = Array.from({ length: documents }, () => ({ text: randomBytes(1000).toString("base64") }));
    await db.collection("tickets").insertMany(texts);
    const script = `ulimit -f ${blocks}; exec "$0" dump`;
    const limited = await outcomeOf("sh", ["-c", script, program], environment(toFolder()));
    expect(limited).toEqual(failsWith(blocks === 1 ? /the archive is not complete/ : /file too large/));
    await isAsBefore();
  });

  it("the volume is missing", async () => {
    expect(await backup("dump", { BACKUP_URL: `file://${folder}/not-mounted` })).toEqual(
      failsWith(/not-mounted: no such file/),
    );
  });

  it("the bucket cannot be reached, before the database is read", async () => {
    const unreachable = `http://127.0.0.1:${await freePort()}/backups`;
    const failed = await backup("dump", toBucket(unreachable));
    expect(failed).toEqual(failsWith(/cannot list the bucket backups of http.*: .*refused/));
    expect(failed.stderr).not.toContain("done dumping");
  });

  it("the bucket does not exist", async () => {
    const failed = await backup("dump", toBucket(bucket.url.replace("backups", "elsewhere")));
    expect(failed).toEqual(failsWith(/cannot list the bucket elsewhere .* does not exist/));
  });

  it("the key is rejected", async () => {
    const url = await startServer((_, response) => {
      response.writeHead(403, { "Content-Type": "application/xml" });
      response.end("<Error><Code>InvalidAccessKeyId</Code><Message>No such key is known.</Message></Error>");
    });
    const failed = await backup("dump", toBucket(`${url}/backups`));
    expect(failed).toEqual(failsWith(/cannot list the bucket .*No such key is known/));
    expect(failed.stderr).not.toContain("done dumping");
  });

  it("the stored content differs from the sent content", async () => {
    const url = await startServer((request, response) => {
      if (request.method === "PUT" && request.headers["content-length"])
        delete request.headers["content-md5"];
      if (request.method !== "GET" || !request.url?.includes(".archive.gz"))
        return forward(request, response, bucket.url);
      const date = new Date(0).toUTCString();
      response.writeHead(200, { "Content-Length": "4", ETag: '"0"', "Last-Modified": date });
      response.end("half");
    });
    expect(await backup("dump", toBucket(`${url}/backups`))).toEqual(
      failsWith(/was stored with different content/),
    );
    expect(await backup("list", toBucket())).toEqual(failsWith(/there is no backup of/));
  });
});

describe("restores nothing, and does not change the database, when", () => {
  let path: string;
  beforeEach(async () => {
    await sell("first");
    await printed("dump", toFolder());
    await sell("second");
    const [name = ""] = await names(toFolder());
    path = join(folder, db.databaseName, name);
  });
  const isAsBefore = async () => expect(await titles()).toEqual(["first", "second"]);

  it("the archive is damaged", async () => {
    const content = await readFile(`${path}.archive.gz`);
    content.writeUInt8(content.readUInt8(100) ^ 1, 100);
    await writeFile(`${path}.archive.gz`, content);
    expect(await backup("restore latest", toFolder())).toEqual(failsWith(/is damaged/));
    await isAsBefore();
  });

  const lastEnd = (archive: Buffer) => archive.lastIndexOf("\x02db\0") - 4; // the header that ends the last collection
  it.each<[what: string, reason: RegExp, change: (packed: Buffer) => Buffer]>([
    ["it is truncated", /not complete: .*unexpected EOF/, (packed) => packed.subarray(0, -20)],
    [
      "a document is truncated",
      /not complete: .*unexpected EOF/,
      repacked((archive) => archive.subarray(0, -60)),
    ],
    [
      "a collection has no end",
      /the end of \[tickets\] is missing/,
      repacked((one) => one.subarray(0, lastEnd(one))),
    ],
    [
      "a document was changed",
      /the checksum of tickets is wrong/,
      repacked((one) => one.fill("worst", one.indexOf("first"), one.indexOf("first") + 5)),
    ],
    [
      "it is not an archive",
      /not complete: .*does not appear to be a mongodump archive/,
      repacked(() => Buffer.from("nonsense")),
    ],
  ])("the archive is invalid although it matches its manifest: %s", async (_, reason, change) => {
    const content = change(await readFile(`${path}.archive.gz`));
    await writeFile(`${path}.archive.gz`, content);
    const manifest = JSON.parse(await readFile(`${path}.json`, "utf8"));
    const sha256 = createHash("sha256").update(content).digest("hex");
    await writeFile(`${path}.json`, JSON.stringify({ ...manifest, sha256 }));
    expect(await backup("restore latest", toFolder())).toEqual(failsWith(reason));
    await isAsBefore();
  });

  it("another client is connected, unless --in-use is given", async () => {
    const service = new mongo.MongoClient(server(), { localAddress: "127.0.0.2", maxPoolSize: 1 });
    await service.db(db.databaseName).command({ ping: 1 });
    expect(await backup("restore latest", toFolder())).toEqual(failsWith(/is in use by \[127.0.0.2\]/));
    await isAsBefore();
    await printed("restore --in-use latest", toFolder());
    await service.close();
    expect(await titles()).toEqual(["first"]);
  });

  it("another client is connected; other members of a replica set are no clients", async () => {
    const member = await connectedAs("NetworkInterfaceTL-ReplNetwork");
    await printed("restore latest", toFolder());
    const service = await connectedAs("nodejs");
    expect(await backup("restore latest", toFolder())).toEqual(failsWith(/is in use by \[127.0.0.2\]/));
    for (const socket of [member, service]) socket.destroy();
  });
});

/** Connects from another address, and introduces itself as a driver. Members do this, too. */
async function connectedAs(name: string): Promise<Socket> {
  const driver = { name, version: "1" };
  const hello = mongo.BSON.serialize({ hello: 1, $db: "admin", client: { driver, os: { type: "Linux" } } });
  const header = Buffer.alloc(21); // of an OP_MSG with one document
  header.writeInt32LE(header.length + hello.length, 0);
  header.writeInt32LE(2013, 12);
  const { hostname, port } = new URL(server());
  const socket = connect({ host: hostname, port: Number(port), localAddress: "127.0.0.2" });
  socket.write(Buffer.concat([header, hello]));
  await once(socket, "data");
  return socket;
}

describe("with a replica set", () => {
  let set: Awaited<ReturnType<typeof startReplicaSet>>;
  beforeAll(async () => {
    set = await startReplicaSet();
  }, 300_000);
  afterAll(() => set.remove());

  it("backs up from the primary and restores on it, and changes nothing on a secondary", async () => {
    const all = await new mongo.MongoClient(set.url()).connect();
    const tickets = all.db(db.databaseName).collection("tickets");
    const titles = async () => (await tickets.find().toArray()).map(({ title }) => title);
    const { host } = await set.primary();
    const [secondary] = set.members.filter((member) => member.host !== host);
    const everyMember = { ...toFolder(), MONGO_URL: set.url(db.databaseName) };
    const oneMember = { ...toFolder(), MONGO_URL: secondary?.url(db.databaseName) };

    await tickets.insertOne({ title: "first" }, { writeConcern: { w: 3 } });
    const refused = failsWith(/this member of the replica set of backup-\w+ is not its primary: list all/);
    expect(await backup("dump", oneMember)).toEqual(refused);
    await printed("dump", everyMember);
    await tickets.insertOne({ title: "second" });
    expect(await backup("restore latest", oneMember)).toEqual(refused);
    expect(await backup("restore --in-use latest", oneMember)).toEqual(refused);
    expect(await titles()).toEqual(["first", "second"]);
    await printed("restore latest", everyMember);
    expect(await titles()).toEqual(["first"]);
    await all.close();
  }, 180_000);
});

it("reports all missing or invalid settings, and unknown commands", async () => {
  const nothing = {
    MONGO_URL: "",
    BACKUP_URL: "",
    BACKUP_KEEP_LAST: "0",
    BACKUP_KEEP_DAILY: "",
    BACKUP_KEEP_WEEKLY: "some",
  };
  const { code, stderr } = await backup("dump", nothing);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toEqual([
    "Failed: MONGO_URL is not set",
    "BACKUP_KEEP_LAST must be a whole number of at least 1",
    "BACKUP_KEEP_DAILY must be a whole number of at least 0",
    "BACKUP_KEEP_WEEKLY must be a whole number of at least 0",
    "BACKUP_URL is not set",
  ]);
  for (const url of ["s3://bucket", "https://host", "file://folder", "nonsense"])
    expect(await backup("dump", { BACKUP_URL: url })).toEqual(
      failsWith(/BACKUP_URL must be https:\/\/HOST\/BUCKET/),
    );
  expect(await backup("dump", { ...toBucket(), BACKUP_ACCESS_KEY_ID: "" })).toEqual(
    failsWith(/are not both set/),
  );
  for (const command of ["", "destroy", "restore", "restore --in-use", "dump twice", "restore one two"])
    expect(await backup(command, toFolder())).toEqual(
      failsWith(/unknown command .*: use dump, list, or restore/),
    );
});

/** Applies a change to the uncompressed content. */
function repacked(change: (archive: Buffer) => Buffer): (packed: Buffer) => Buffer {
  return (packed) => gzipSync(change(gunzipSync(packed)));
}

/** Resolves with the address of a server for one test. */
async function startServer(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(respond).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
