import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { TestHome } from "../service/testing/mod.ts";
import { sourceEntry } from "./source_entry.ts";

test("a file is named like itself, or as the cell.toml beside it or the caller says", async () => {
  await using place = new TestHome();
  const file = place.write("myShop.ts", "");
  expect(sourceEntry(file, undefined)).toEqual({ file, name: "my-shop", config: {} });
  place.write("cell.toml", '[cell]\nname = "store"\n[cell.biology]\nmin_replicas = 2\n');
  expect(sourceEntry(file, undefined)).toEqual({ file, name: "store", config: { name: "store", minReplicas: 2 } });
  expect(sourceEntry(file, "other").name).toBe("other");
});

test("a cell.toml that names another file says nothing about this one", async () => {
  await using place = new TestHome();
  const file = place.write("hello.ts", "");
  const shop = place.write("shop.ts", "");
  place.write("cell.toml", '[cell]\nname = "store"\nentry = "shop.ts"\n');
  expect(sourceEntry(file, undefined)).toEqual({ file, name: "hello", config: {} });
  expect(sourceEntry(shop, undefined).name).toBe("store");
});

test("a folder's entry is index, main or mod, else the file that is named like it, else the only one", async () => {
  await using place = new TestHome();
  const folder = join(place.folder, "shop");
  const entry = () => sourceEntry(folder, undefined);
  const only = place.write("shop/service.ts", "");
  place.write("shop/service.test.ts", "");
  place.write("shop/types.d.ts", "");
  place.write("shop/notes.md", "");
  expect(entry()).toEqual({ file: only, name: "shop", config: {} });
  for (const name of ["shop.ts", "mod.ts", "main.ts", "index.ts"]) {
    const file = place.write(`shop/${name}`, "");
    expect(entry()).toEqual({ file, name: "shop", config: {} });
  }
  place.write("shop/cell.toml", '[cell]\nentry = "service.ts"\n');
  expect(entry().file).toBe(only);
});

test("a folder in which nothing is clear is refused with what was expected and found", async () => {
  await using place = new TestHome();
  place.write("shop/notes.md", "");
  const folder = join(place.folder, "shop");
  expect(() => sourceEntry(folder, undefined)).toThrow("or a single file, found no TypeScript file. Name the file");
  for (let index = 0; index < 7; index++) place.write(`shop/part${index}.ts`, "");
  expect(() => sourceEntry(folder, undefined)).toThrow(
    "Expected index.ts, main.ts, mod.ts, shop.ts or a single file, found part0.ts, part1.ts, part2.ts, part3.ts, part4.ts, ...",
  );
});

test("an entry that is missing, or leads out of the folder, is refused", async () => {
  await using place = new TestHome();
  place.write("outside.ts", "");
  place.write("shop/inside.ts", "");
  symlinkSync(join(place.folder, "outside.ts"), join(place.folder, "shop", "link.ts"));
  for (const entry of ["../outside.ts", "link.ts"]) {
    place.write("shop/cell.toml", `[cell]\nentry = "${entry}"\n`);
    expect(() => sourceEntry(join(place.folder, "shop"), undefined)).toThrow("leads out of it");
  }
  place.write("shop/cell.toml", '[cell]\nentry = "insid.ts"\n');
  expect(() => sourceEntry(join(place.folder, "shop"), undefined)).toThrow(
    "there is no such file. Did you mean inside.ts?",
  );
});

test("a file that is not there is refused, with near names", async () => {
  await using place = new TestHome();
  place.write("hello.ts", "");
  expect(() => sourceEntry(join(place.folder, "helo.ts"), undefined)).toThrow("Did you mean hello.ts?");
});

test("a folder whose name is no service's name needs another one", async () => {
  await using place = new TestHome();
  const file = place.write("1 Shop!/index.ts", "");
  expect(() => sourceEntry(join(place.folder, "1 Shop!"), undefined)).toThrow("is not valid");
  expect(sourceEntry(join(place.folder, "1 Shop!"), "shop")).toMatchObject({ file, name: "shop" });
});
