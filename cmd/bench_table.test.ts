import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

// Processes that start take seconds on a busy machine.
setDefaultTimeout(120_000);

/** What stderr hears of a measurement whose connections use `before` at first and `after` at its end. */
function said(before: string, after: string): string {
  const source = `import { BenchTable } from ${JSON.stringify(join(import.meta.dir, "bench_table.ts"))};
const table = new BenchTable("hello.greet", 2000);
await table.announce(${JSON.stringify(before)});
table.end(${JSON.stringify(after)});`;
  return Bun.spawnSync([process.execPath, "-e", source]).stderr.toString();
}

test("a measurement says what it went over at its end where that has changed, and calls a relay by its name", () => {
  expect(said("tls", "quic")).toBe("hello.greet over TLS, 2 s for each line\nat the end over QUIC\n");
  expect(said("quic", "relay")).toBe("hello.greet over QUIC, 2 s for each line\nat the end over a relay\n");
  expect(said("quic", "quic")).toBe("hello.greet over QUIC, 2 s for each line\n");
});
