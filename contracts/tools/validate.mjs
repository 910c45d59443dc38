// Validates an AsyncAPI document with the official parser: `npm ci --ignore-scripts && npm run validate`.
// One line of JSON a finding, and last what the parser read; exit code 1 where it found an error or a warning.
import { readFileSync } from "node:fs";
import { argv, stdout } from "node:process";
import { Parser } from "@asyncapi/parser";

const SEVERITIES = ["error", "warning", "information", "hint"];

const { document, diagnostics } = await new Parser().parse(readFileSync(argv[2], "utf8"));
for (const { severity, code, path, message } of diagnostics) {
  stdout.write(JSON.stringify({ severity: SEVERITIES[severity], code, path: path.join("."), message }) + "\n");
}
const channels = document?.channels().all().map((channel) => channel.address()) ?? [];
stdout.write(JSON.stringify({ version: document?.version() ?? null, channels }) + "\n");
process.exitCode = diagnostics.some(({ severity }) => severity <= 1) ? 1 : 0;
