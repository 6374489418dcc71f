"""Keeps a replica of EventHive's tickets in SQLite, from its events on NATS JetStream. See README.md."""

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path

import nats
from jsonschema import Draft202012Validator, ValidationError
from nats.js.api import ConsumerConfig

SERVICE = "python-consumer"  # names its durable consumers: processes with the same name share their events
SUBJECTS = ["ticket:created", "ticket:updated"]
SCHEMAS = Path(__file__).parents[2] / "common/schemas"

TABLES = """
CREATE TABLE IF NOT EXISTS tickets (id TEXT PRIMARY KEY, version INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letters (subject TEXT, bytes BLOB, reason TEXT, PRIMARY KEY (subject, bytes));
"""
# Duplicates, late events and any order end in the same state: the newest version wins.
APPLY = """
INSERT INTO tickets (id, version, data) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, data = excluded.data
WHERE excluded.version > tickets.version
"""


def validator_of(subject: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{subject.replace(':', '-')}.json").read_text("utf-8"))
    return Draft202012Validator(schema)


def handle(database: sqlite3.Connection, validator: Draft202012Validator, subject: str, message: bytes) -> None:
    """Stores the effect of a message. One that violates the contract is kept, and blocks no other."""
    with database:  # a transaction
        try:
            event = json.loads(message)
            validator.validate(event)
        except (ValueError, RecursionError, ValidationError) as error:
            letter = (subject, message, str(error))
            database.execute("INSERT OR IGNORE INTO dead_letters VALUES (?, ?, ?)", letter)
            return
        data = event["data"]
        database.execute(APPLY, (data["id"], data["version"], json.dumps(data)))


async def consume(client: nats.NATS, database: sqlite3.Connection, subject: str) -> None:
    validator = validator_of(subject)
    address = f"eventhive.{subject.replace(':', '.')}.*"
    while True:
        try:  # also creates the consumer, which a broker that lost its data no longer has
            config = ConsumerConfig(ack_wait=10, max_deliver=-1)
            durable = f"{SERVICE}-{subject}"
            pulled = await client.jetstream().pull_subscribe(address, durable, "eventhive", config)
            while True:
                try:
                    for message in await pulled.fetch(64, timeout=5):
                        handle(database, validator, subject, message.data)
                        await message.ack()  # once it is stored: after a crash in between, it is delivered again
                except nats.errors.TimeoutError:
                    pass  # there was no event
        except nats.errors.Error as error:
            print(f"{subject}: {error!r}", file=sys.stderr, flush=True)
            await asyncio.sleep(1)


async def main() -> None:
    async def report(error: Exception) -> None:
        print(repr(error), file=sys.stderr, flush=True)

    database = sqlite3.connect(os.environ.get("REPLICA", "tickets.db"))
    database.executescript(TABLES)
    url = os.environ.get("NATS_URL", "nats://localhost:4222")
    client = await nats.connect(url, error_cb=report, max_reconnect_attempts=-1, ping_interval=2)
    await asyncio.gather(*(consume(client, database, subject) for subject in SUBJECTS))


asyncio.run(main())
