import { expect, test } from "bun:test";
import { importFile } from "./import_file.ts";
import { TestHome } from "./testing/mod.ts";

test("a file that takes long to load is noted once", async () => {
  await using home = new TestHome();
  const lines: string[] = [];
  const file = home.write(
    "slow.ts",
    "await new Promise((resolve) => setTimeout(resolve, 60));\nexport const done = true;\n",
  );
  const exports = await importFile(file, { log: (line) => lines.push(line), wonderMs: 10 });
  expect(exports["done"]).toBe(true);
  expect(lines).toEqual([`${file} is still being loaded: it awaits something at its top level`]);
});

test("a file that is loaded at once is not noted", async () => {
  await using home = new TestHome();
  const file = home.write("quick.ts", "export const done = true;\n");
  const lines: string[] = [];
  expect((await importFile(file, { log: (line) => lines.push(line) }))["done"]).toBe(true);
  expect(lines).toEqual([]);
});
