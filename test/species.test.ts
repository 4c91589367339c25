import { expect, setDefaultTimeout, test } from "bun:test";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** What the caller was compiled against, and a service that has changed since. */
const BEFORE = `
export interface User { id: string; name: string }
export function save(user: User): User { return user; }
export function greet(name: string): string { return "Hello, " + name; }
`;
const COMPATIBLE = `
export interface Person { name: string; id: string; email?: string }
export function added(): number { return 1; }
export function save(person: Person): Person { return { ...person, email: "unknown" }; }
export function greet(name: string, punctuation = "!"): string { return "Hi, " + name + punctuation; }
`;
const BREAKING = `
export interface User { id: number; name: string }
export function save(user: User): User { return user; }
export function greet(name: string): string { return "Hello, " + name; }
`;
const CALLER = `
import { greet, save } from "cell:users";
console.log(await greet("Ada"));
console.log(JSON.stringify(await save({ id: "1", name: "Ada" })));
`;

/** A machine on which a caller was checked against BEFORE, and the service was then replaced by \`after\`. */
async function replacedBy(machine: Machine, after: string): Promise<string> {
  const caller = machine.write("caller.ts", CALLER);
  const first = await machine.serve("users.ts", BEFORE);
  expect(await machine.cell(["check", caller])).toMatchObject({ exit: 0 });
  await first.kill();
  await machine.serve("users.ts", after);
  return caller;
}

test.concurrent("a caller goes on with a service that changed compatibly: its gene is negotiated", async () => {
  await using machine = new Machine();
  const caller = await replacedBy(machine, COMPATIBLE);
  const ran = await machine.cell(["run", caller]);
  expect(ran).toMatchObject({ exit: 0, stdout: 'Hi, Ada!\n{"id":"1","name":"Ada"}\n' });
});

test.concurrent("a caller of a method that changed incompatibly gets an error that shows the difference", async () => {
  await using machine = new Machine();
  const caller = await replacedBy(machine, BREAKING);
  const ran = await machine.cell(["run", caller]);
  expect(ran.exit).toBe(1);
  // The method that did not change still answers.
  expect(ran.stdout).toBe("Hello, Ada\n");
  expect(ran.stderr).toContain("FAILED_PRECONDITION");
  expect(ran.stderr).toContain("args[0].id");
});

test.concurrent("the check against the live service says where the caller no longer fits", async () => {
  await using machine = new Machine();
  const caller = await replacedBy(machine, BREAKING);
  const offline = await machine.cell(["check", "--offline", caller]);
  expect(offline.exit).toBe(0);
  const live = await machine.cell(["check", caller]);
  expect(live.exit).toBe(1);
  expect(live.stdout + live.stderr).toMatch(/caller\.ts:4:\d+/);
});

test.concurrent("diff compares files and running services, and exits 1 when callers break", async () => {
  await using machine = new Machine();
  const before = machine.write("before.ts", BEFORE);
  const after = machine.write("after.ts", COMPATIBLE);
  const compatible = await machine.cell(["diff", before, after]);
  expect(compatible.exit).toBe(0);
  expect(compatible.stdout).toContain("added");
  await machine.serve("users.ts", BREAKING);
  const breaking = await machine.cell(["diff", before, "users", "--json"]);
  expect(breaking.exit).toBe(1);
  expect(JSON.parse(breaking.stdout)).toMatchObject({ compatible: false });
  const schema = await machine.cell(["describe", "users", "--json"]);
  const same = await machine.cell(["diff", "users", machine.write("users.schema.json", schema.stdout)]);
  expect(same.exit).toBe(0);
});
