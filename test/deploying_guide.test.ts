import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MINUTE } from "../lib/base/mod.ts";
import { readServiceConfig } from "../lib/package/mod.ts";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const GUIDE = readFileSync(join(import.meta.dir, "../docs/deploying.md"), "utf8");

function block(language: string): string {
  return GUIDE.match(new RegExp("```" + language + "\\n([\\s\\S]*?)```"))?.[1] ?? "";
}

test("the cell.toml that the guide shows means what it says", () => {
  const folder = mkdtempSync(join(tmpdir(), "cell-test-guide-"));
  try {
    writeFileSync(join(folder, "cell.toml"), block("toml"));
    expect(readServiceConfig(folder)).toEqual({
      name: "shop",
      entry: "main.ts",
      minReplicas: 2,
      maxReplicas: 8,
      idleMs: 5 * MINUTE,
      cpuTarget: 0.6,
      env: { CURRENCY: "EUR" },
      allow: ["trader", "ops-*"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the files that the guide imports are read", async () => {
  await using machine = new Machine();
  const file = machine.write("shelf.ts", block("ts"));
  machine.write("prices.json", '{"tea":3}');
  machine.write("greeting.txt", "hi\n");
  machine.write("photo.bin", "12345");
  expect((await machine.cell(["up"])).exit).toBe(0);
  try {
    expect((await machine.cell(["deploy", file])).stderr).toContain("shelf is deployed");
    rmSync(join(file, "..", "photo.bin"));
    expect((await machine.cell(["call", "shelf", "show"])).stdout).toBe('"hi 3 5"\n');
  } finally {
    await machine.cell(["down"]);
  }
});
