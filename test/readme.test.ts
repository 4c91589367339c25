import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** The n-th code block of a language. */
function block(language: string, index: number): string {
  const blocks = [...README.matchAll(new RegExp("```" + language + "\\n([\\s\\S]*?)```", "g"))];
  const text = blocks[index]?.[1];
  if (text === undefined) throw new Error(`README.md has no ${language} block number ${index}`);
  return text;
}

test("the first minute is what the binary does", async () => {
  await using machine = new Machine();
  const session = block("console", 0);
  const source = session.match(/\$ cat hello\.ts\n([\s\S]*?)\n\n\$/)?.[1] ?? "";
  const service = await machine.serve("hello.ts", source);
  await service.until(() => service.stderr.includes("Try:"), "the announcement");
  const announced = session.match(/\$ cell run hello\.ts &\n([\s\S]*?)\n\n\$/)?.[1] ?? "";
  // The process id is another one each time.
  expect(service.stderr.trimEnd().replace(/pid \d+/, "pid 4711")).toBe(announced);
  const answer = session.match(/\$ cell call hello greet name=World\n(.*)/)?.[1];
  expect((await machine.cell(["call", "hello", "greet", "name=World"])).stdout).toBe(`${answer}\n`);

  const [command = "", ...complaint] = block("console", 1).trimEnd().split("\n");
  const refused = await machine.cell(command.replace("$ cell ", "").split(" "));
  expect(refused.stderr.trimEnd()).toBe(complaint.join("\n"));
});

test("what cell bench is shown to print is what it prints, but for the figures", async () => {
  await using machine = new Machine();
  await machine.serve("hello.ts", readFileSync(join(ROOT, "examples/hello.ts"), "utf8"));
  const [command = "", ...shown] = block("console", 2).trimEnd().split("\n");
  const args = [...command.replace("$ cell ", "").split(" "), "--duration", "200ms"];
  const { exit, stdout, stderr } = await machine.cell(args);
  expect(exit).toBe(0);
  const withoutFigures = (text: string) => text.replace(/[\d.,]+( (us|ms|s)\b)?/g, "#").replace(/ +/g, " ");
  expect(withoutFigures(stderr + stdout).trimEnd()).toBe(withoutFigures(shown.join("\n")));
  const callers = (lines: string[]) => lines.map((line) => line.trim().split(/ +/)[0]);
  expect(callers(stdout.trimEnd().split("\n"))).toEqual(callers(shown.slice(1)));
});

test("the service and the script that the README shows work as they are", async () => {
  await using machine = new Machine();
  await machine.start(["run", join(ROOT, "examples/ledger.ts")]).serving();
  await machine.serve("shop.ts", block("ts", 0));
  const script = await machine.cell(["run", machine.write("script.ts", block("ts", 1))]);
  expect(script).toMatchObject({ exit: 0, stdout: "750\n" });
  const loop = await machine.cell(["run", machine.write("loop.ts", block("ts", 2))]);
  expect(loop).toMatchObject({ exit: 0, stdout: "499500\n" });

  const refused = await machine.cell(["call", "shop", "buy", "ada", "1000001"]);
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toContain("args[1]: expected at most 1000000");
  const sum = await machine.cell(["call", "shop", "sum", "-"], { stdin: "1\n2\n3\n" });
  expect(sum.stdout).toBe("6\n");
  expect((await machine.cell(["call", "shop", "ping"])).stdout).toBe('"pong"\n');
});

test("every file that the documents link to is there", () => {
  const documents = ["README.md", ...new Bun.Glob("docs/**/*.md").scanSync(ROOT)];
  const missing = documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), "utf8").replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
    return [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => join(document, "..", target))
      .filter((target) => !existsSync(join(ROOT, target)));
  });
  expect(missing).toEqual([]);
});
