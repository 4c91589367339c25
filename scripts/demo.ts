/**
 * The first minute with Cell, for real: a file becomes a service, is called, is measured. `bun scripts/demo.ts BINARY`.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(process.argv[2] ?? "dist/cell");
const folder = mkdtempSync(join(tmpdir(), "cell-demo-"));
const environment = { ...process.env, CELL_HOME: join(folder, "home") };
const file = join(folder, "hello.ts");
copyFileSync(join(import.meta.dir, "../examples/hello.ts"), file);

function show(command: string): void {
  console.log(`\n$ ${command}`);
}

/** Runs one command to its end; its stdout is shown and returned. */
function cell(...args: string[]): string {
  show(["cell", ...args].join(" "));
  const run = Bun.spawnSync([binary, ...args], { cwd: folder, env: environment, stderr: "inherit" });
  const output = run.stdout.toString();
  process.stdout.write(output);
  if (!run.success) throw new Error(`cell ${args[0]} failed with exit code ${run.exitCode}`);
  return output;
}

/** Resolves when the service says that it is ready; its lines are shown as they come. */
async function ready(service: Bun.Subprocess<"ignore", "inherit", "pipe">): Promise<void> {
  const decoder = new TextDecoder();
  let said = "";
  for await (const chunk of service.stderr) {
    const text = decoder.decode(chunk, { stream: true });
    process.stdout.write(text);
    said += text;
    if (said.includes("ready")) return;
  }
  throw new Error("the service ended before it was ready");
}

show("cat hello.ts");
process.stdout.write(readFileSync(file, "utf8"));
show("cell run hello.ts &");
const service = Bun.spawn([binary, "run", file], {
  cwd: folder,
  env: environment,
  stdin: "ignore",
  stdout: "inherit",
  stderr: "pipe",
});
try {
  await ready(service);
  cell("describe", "hello");
  cell("ps");
  cell("call", "hello", "greet", "name=World");
  cell("bench", "hello", "greet", "name=World", "--duration", "1s");
} finally {
  service.kill("SIGTERM");
  await service.exited;
  rmSync(folder, { recursive: true, force: true });
}
