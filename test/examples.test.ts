import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const EXAMPLES = join(import.meta.dir, "../examples");

/** Runs an example where it lies. */
async function serve(machine: Machine, name: string) {
  const running = machine.start(["run", join(EXAMPLES, `${name}.ts`)]);
  await running.serving();
  return running;
}

test("every example is here", () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith(".ts"));
  expect(files.sort()).toEqual(
    ["counter.ts", "hello.ts", "ledger.ts", "shop.ts", "telemetry.ts", "tour.ts", "types.ts"],
  );
});

test("counter: a class is a service whose state lives as long as its process", async () => {
  await using machine = new Machine();
  await serve(machine, "counter");
  expect((await machine.cell(["call", "counter", "increment"])).stdout).toBe("1\n");
  expect((await machine.cell(["call", "counter", "increment", "by:=5"])).stdout).toBe("6\n");
  expect((await machine.cell(["call", "counter", "read"])).stdout).toBe("6\n");
});

test("telemetry: streams from, to and through a service", async () => {
  await using machine = new Machine();
  const service = await serve(machine, "telemetry");
  const down = await machine.cell(["call", "telemetry", "countdown", "3"]);
  expect(down).toEqual({ exit: 0, stdout: "3\n2\n1\n", stderr: "" });

  const readings = [
    { sensor: "roof", celsius: 10, at: "2026-01-01T00:00:00.000Z" },
    { sensor: "roof", celsius: 30, at: "2026-01-01T00:01:00.000Z" },
  ].map((reading) => JSON.stringify(reading) + "\n").join("");
  const summary = await machine.cell(["call", "telemetry", "summarize", "-"], { stdin: readings });
  expect(JSON.parse(summary.stdout)).toEqual({ roof: { count: 2, minimum: 10, maximum: 30, mean: 20 } });
  const alarms = await machine.cell(["call", "telemetry", "alarms", "20", "-"], { stdin: readings });
  expect(alarms.stdout).toBe('{"sensor":"roof","celsius":30,"at":"2026-01-01T00:01:00.000Z"}\n');

  const endless = machine.start(["call", "telemetry", "ticks", "1"]);
  await endless.until(() => endless.stdout.split("\n").length > 3, "ticks");
  await endless.kill();
  service.signal("SIGTERM");
  expect(await service.exited()).toBe(0);
});

test("ledger, shop and tour: a service and a script that import another service", async () => {
  await using machine = new Machine();
  await serve(machine, "ledger");
  await serve(machine, "shop");
  const tour = await machine.cell(["run", join(EXAMPLES, "tour.ts")]);
  expect(tour).toMatchObject({ exit: 0, stdout: "ada has 750 cents left\n" });

  const short = await machine.cell(["call", "ledger", "transfer", "from=ada", "to=shop", "cents:=99999"]);
  expect(short.exit).toBe(1);
  expect(short.stderr).toContain("FAILED_PRECONDITION");
  expect(short.stderr).toContain("99249");
  const negative = await machine.cell(["call", "ledger", "transfer", "from=ada", "to=shop", "cents:=0"]);
  expect(negative.exit).toBe(1);
  expect(negative.stderr).toContain("args[0].cents");
  const statement = await machine.cell(["call", "ledger", "statement"]);
  expect(statement.exit).toBe(0);
});

test("a caller is checked against the running service: a call that does not fit is a compile error", async () => {
  await using machine = new Machine();
  await serve(machine, "ledger");
  const good = machine.write(
    "good.ts",
    'import { open } from "cell:ledger";\nconsole.log((await open("x", 1)).cents);\n',
  );
  expect(await machine.cell(["check", good])).toMatchObject({ exit: 0 });
  const bad = machine.write("bad.ts", 'import { open } from "cell:ledger";\nconsole.log(await open(42));\n');
  const checked = await machine.cell(["check", bad]);
  expect(checked.exit).toBe(1);
  expect(checked.stdout + checked.stderr).toMatch(/bad\.ts:2:\d+/);
});

test("cell new writes a service that runs and checks as it is", async () => {
  await using machine = new Machine();
  expect((await machine.cell(["new", "greeter"])).exit).toBe(0);
  const file = [join(machine.folder, "greeter.ts"), join(machine.folder, "greeter/greeter.ts")].find(existsSync)!;
  expect(readFileSync(file, "utf8")).toContain("export");
  expect((await machine.cell(["check", file])).exit).toBe(0);
  const service = machine.start(["run", file]);
  await service.serving();
  expect((await machine.cell(["new", "greeter"])).exit).not.toBe(0);
});

test("a service may use another file and a package that lies beside it", async () => {
  await using machine = new Machine();
  mkdirSync(join(machine.folder, "node_modules/geometry"), { recursive: true });
  writeFileSync(
    join(machine.folder, "node_modules/geometry/package.json"),
    '{"name":"geometry","version":"1.0.0","type":"module","main":"index.js","types":"index.d.ts"}',
  );
  writeFileSync(join(machine.folder, "node_modules/geometry/index.js"), "export const area = (s) => s.w * s.h;\n");
  writeFileSync(
    join(machine.folder, "node_modules/geometry/index.d.ts"),
    "export interface Size { w: number; h: number }\nexport declare const area: (s: Size) => number;\n",
  );
  // Packages say in different ways where they begin.
  const beginnings = {
    main: '"main":"lib/x.js"',
    exported: '"exports":{".":"./lib/x.js"}',
    "@a/scoped": '"exports":"./lib/x.js"',
  };
  for (const [name, beginning] of Object.entries(beginnings)) {
    machine.write(`node_modules/${name}/package.json`, `{"name":"${name}","type":"module",${beginning}}`);
    machine.write(`node_modules/${name}/lib/x.js`, "export const one = 1;\n");
    machine.write(`node_modules/${name}/lib/x.d.ts`, "export declare const one: number;\n");
  }
  machine.write("shapes.ts", "export interface Named { name: string }\n");
  await machine.serve(
    "plane.ts",
    `import { area, type Size } from "geometry";
import { one as first } from "main";
import { one as second } from "exported";
import { one as third } from "@a/scoped";
import type { Named } from "./shapes.ts";
export function count(): number { return first + second + third; }
export function measure(shape: Size & Named) { return { name: shape.name, area: area(shape) }; }
`,
  );
  const called = await machine.cell(["call", "plane", "measure", "name=door", "w:=2", "h:=3"]);
  expect(called.stdout).toBe('{"name":"door","area":6}\n');
  expect((await machine.cell(["call", "plane", "count"])).stdout).toBe("3\n");
});

test("a service may use the short names of paths that its tsconfig.json gives, wherever it is run from", async () => {
  await using machine = new Machine();
  // Editors are often told where our declarations lie: at run time the modules are meant nevertheless.
  const paths = {
    "@shapes/*": ["./parts/*"],
    "cell": ["./types/cell.d.ts"],
    "cell:*": ["./types/*.d.ts"],
  };
  machine.write("project/tsconfig.json", JSON.stringify({ compilerOptions: { paths } }));
  machine.write("project/parts/area.ts", "export const area = (w: number, h: number): number => w * h;\n");
  const file = machine.write(
    "project/plane.ts",
    `import { method } from "cell";
import { area } from "@shapes/area.ts";
import { pong } from "cell:other";
export function measure(w: number, h: number): number { return area(w, h); }
export async function ask(): Promise<unknown> { return await (pong as () => Promise<unknown>)(); }
method({ idempotent: true }, measure);
`,
  );
  machine.write("project/types/cell.d.ts", "export declare function method(options: object, fn: object): void;\n");
  machine.write("project/types/other.d.ts", "export declare function pong(): Promise<string>;\n");
  await machine.serve("other.ts", 'export function pong(): string { return "pong"; }\n');
  await machine.start(["run", file]).serving();
  expect((await machine.cell(["call", "plane", "measure", "w:=2", "h:=3"])).stdout).toBe("6\n");
  expect((await machine.cell(["call", "plane", "ask"])).stdout).toBe('"pong"\n');
});

test("the examples' own record of the SDK is the SDK", () => {
  const recorded = readFileSync(join(EXAMPLES, ".cell/types/cell.d.ts"), "utf8");
  expect(recorded).toBe(readFileSync(join(import.meta.dir, "../sdk/cell.d.ts"), "utf8"));
});

test("every example passes the check against what the examples recorded", async () => {
  await using machine = new Machine();
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith(".ts")).map((name) => join(EXAMPLES, name));
  const checked = await machine.cell(["check", "--offline", ...files]);
  expect(checked.stderr).not.toContain("error");
  expect(checked.exit).toBe(0);
});
