import { expect, test } from "bun:test";
import { join } from "node:path";
import { TestHome } from "../service/testing/mod.ts";
import { buildPackage, openPackage } from "./mod.ts";

test("a file becomes a package that is found by its hash", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", "export function greet(name: string) { return `Hello, ${name}!`; }\n");
  const built = await buildPackage(file);
  expect(built).toMatchObject({ service: "hello", isNew: true, config: {}, warnings: [] });
  expect(built.path).toBe(join(place.home, "packages", built.sha256));
  const opened = await openPackage(built.sha256);
  expect(opened.schema).toEqual(built.schema);
  expect(opened.manifest).toMatchObject({ service: "hello", entry: "hello.ts", species: built.species });
  const module = await import(opened.entry);
  expect(module.greet("Ada")).toBe("Hello, Ada!");
});
