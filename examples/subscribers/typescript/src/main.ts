/**
 * Prints who became a client and why, once each.
 *
 *     npm ci --omit=optional && npm run build && npm start   # or: node dist/main.js seen.txt --once
 *
 * A decision comes at least once, under the same event_id however often. The ids that were handled stand in a file, so that
 * a repeat is dropped after a restart too; the group's offset is committed after the work, so that nothing is passed over.
 * CLIENTWARD_KAFKA_BOOTSTRAP names the brokers. With --once it works off what is there and ends, for a timer to start.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { argv, env, stderr, stdout } from "node:process";
import { Consumer, type Message, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import type { Reclassification } from "./reclassified.js"; // made by `npm run types` from the topic's JSON Schema

const TOPIC = "crm.relationship.reclassified.v1";
const GROUP = "new-clients-typescript";
const SESSION_MS = 10_000; // below the 30 s that a request may take: who follows a member that died waits for its session

type Decision = Message<string, string, string, string>;

/** The ids of the decisions that were handled, one a line. */
class Seen {
  readonly #ids: Set<string>;

  constructor(readonly file: string) {
    this.#ids = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    appendFileSync(this.file, `${id}\n`);
    this.#ids.add(id);
  }
}

/** Does the work of one decision, unless it was done before. */
function handle(decision: Reclassification, seen: Seen): void {
  if (seen.has(decision.event_id)) return;
  if (decision.to === "client") {
    stdout.write(`${decision.account_id} became a client on ${decision.effective_at.slice(0, 10)}: ${decision.why}\n`);
  }
  seen.add(decision.event_id);
}

/** Where each partition ends now, of those that the group has not read to their end. */
async function unread(consumer: Consumer<string, string, string, string>): Promise<Map<number, bigint>> {
  const ends = (await consumer.listOffsets({ topics: [TOPIC] })).get(TOPIC) ?? [];
  const topics = [{ topic: TOPIC, partitions: [...ends.keys()] }];
  const committed = (await consumer.listCommittedOffsets({ topics })).get(TOPIC) ?? [];
  const start = (partition: number) => committed[partition] ?? 0n; // below zero where nothing is committed
  return new Map([...ends.entries()].filter(([partition, end]) => end > 0n && end > start(partition)));
}

async function follow(seen: Seen, once: boolean): Promise<void> {
  const consumer = new Consumer({
    groupId: GROUP,
    clientId: GROUP,
    bootstrapBrokers: (env["CLIENTWARD_KAFKA_BOOTSTRAP"] ?? "127.0.0.1:9092").split(","),
    deserializers: stringDeserializers,
    autocommit: false,
    sessionTimeout: SESSION_MS,
  });
  try {
    const mode = MessagesStreamModes.COMMITTED;
    const stream = await consumer.consume({ topics: [TOPIC], mode, fallbackMode: "earliest" });
    const left = once ? await unread(consumer) : undefined;
    if (left?.size === 0) return;
    for await (const message of stream as AsyncIterable<Decision>) {
      handle(JSON.parse(message.value) as Reclassification, seen);
      await message.commit();
      if (left && message.offset + 1n >= (left.get(message.partition) ?? 0n)) left.delete(message.partition);
      if (left?.size === 0) return;
    }
  } finally {
    await consumer.close(true); // it leaves the group, so that the next one need not wait for its session to end
  }
}

const [file, ...flags] = argv.slice(2);
if (file === undefined) {
  stderr.write("usage: node dist/main.js SEEN_FILE [--once]\n");
  process.exitCode = 2;
} else {
  await follow(new Seen(file), flags.includes("--once"));
}
