import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/**
 * Who may import whom: a room may import the rooms on lines above its own, never one on its own line or below. Rooms that
 * stand on one line know nothing of each other.
 */
const LAYERS = [
  ["lib/base"],
  ["lib/sys", "lib/sim"],
  ["lib/wire", "lib/schema"],
  ["lib/net"],
  ["lib/shm", "lib/gossip"],
  ["lib/rpc"],
  ["lib/service"],
  ["lib/role", "lib/package", "lib/logs"],
  ["lib/nucleus"],
  ["lib/worker", "lib/project", "lib/json", "lib/load", "lib/machine", "lib/watch"],
  ["sdk"],
  ["cmd"],
  ["main.ts"],
];

/** Rooms whose cores run anywhere: no Bun, no Node, nothing from npm. */
const PURE = ["lib/base", "lib/sim", "lib/wire", "lib/nucleus/core", "lib/gossip/core", "lib/gossip/catalog"];

const root = resolve(import.meta.dir, "..");
const sources = ["main.ts", "cmd/**/*.ts", "sdk/**/*.ts", "lib/**/*.ts"]
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)])
  .filter((path) => !path.endsWith(".test.ts") && !path.endsWith(".d.ts") && !path.includes("/testing/"))
  .sort();

interface Import {
  from: string;
  specifier: string;
  /** Relative to the root; undefined when it is not a file of the project. */
  target: string | undefined;
}

const imports: Import[] = sources.flatMap((from) => {
  const text = readFileSync(join(root, from), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = text.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*"([^"\n]+)"/g);
  return [...found].map(([, specifier = ""]) => ({
    from,
    specifier,
    target: specifier.startsWith(".") ? relative(root, resolve(root, dirname(from), specifier)) : undefined,
  }));
});

test("the rules below are about every import of the project", () => {
  for (const room of LAYERS.flat()) expect(sources.some((path) => isWithin(path, room)), room).toBe(true);
  expect(imports).toContainEqual({ from: "main.ts", specifier: "./cmd/commands.ts", target: "cmd/commands.ts" });
  expect(imports).toContainEqual({ from: "lib/base/writer.ts", specifier: "./units.ts", target: "lib/base/units.ts" });
});

/** The innermost folder with a door that a file is in. */
function roomOf(path: string): string {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    if (existsSync(join(root, folder, "mod.ts"))) return folder;
  }
  return dirname(path) === "." ? path : dirname(path);
}

function layerOf(path: string): number {
  const layer = LAYERS.findIndex((rooms) => rooms.some((room) => path === room || path.startsWith(`${room}/`)));
  if (layer === -1) throw new Error(`${path} is in no layer; add its room to LAYERS`);
  return layer;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The top-level room of a path, such as lib/schema for lib/schema/codec/writer.ts. */
function topRoomOf(path: string): string {
  return LAYERS.flat().find((room) => isWithin(path, room)) ?? path;
}

test("imports point down the layers only", () => {
  const broken = imports.filter(({ from, target }) =>
    target !== undefined && topRoomOf(from) !== topRoomOf(target) && !isData(target) && layerOf(target) >= layerOf(from)
  );
  expect(broken.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

/** Text that is embedded, not code that runs. */
function isData(target: string): boolean {
  return target.endsWith(".d.ts") || target === "package.json";
}

test("a room is entered through its mod.ts", () => {
  const broken = imports.filter(({ from, target }) => {
    if (target === undefined || isData(target)) return false;
    const room = roomOf(target);
    return !isWithin(from, room) && existsSync(join(root, room, "mod.ts")) && target !== join(room, "mod.ts");
  });
  expect(broken.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("every room of lib has a door that opens with what it is for", () => {
  const rooms = [...new Bun.Glob("lib/*").scanSync({ cwd: root, onlyFiles: false })];
  expect(rooms.length).toBeGreaterThan(0);
  for (const room of rooms) {
    const door = join(root, room, "mod.ts");
    expect(existsSync(door), `${room}/mod.ts exists`).toBe(true);
    expect(readFileSync(door, "utf8"), `${room}/mod.ts opens with an essay`).toStartWith("/**");
  }
});

test("pure rooms import nothing from outside the project", () => {
  const broken = imports.filter(({ from, target }) =>
    PURE.some((room) => isWithin(from, room)) && target === undefined
  );
  expect(broken.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("the libraries that are expensive to load are loaded on demand only", () => {
  const eager = sources.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^"();]*"(typescript)"/gm)].map(() => path);
  });
  expect(eager).toEqual([]);
});
