import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD_FLAGS } from "../../../scripts/build.ts";
import type { TestHome } from "../../service/testing/mod.ts";

const packageRoom = JSON.stringify(join(import.meta.dir, "../mod.ts"));
const serviceRoom = JSON.stringify(join(import.meta.dir, "../../service/mod.ts"));
const sdk = JSON.stringify(join(import.meta.dir, "../../../sdk/mod.ts"));

/** `build PATH`, and `call SHA256 EXPORT ARGUMENT` in the way of a worker; both print one line of JSON. */
const SOURCE = `
import { buildPackage, openPackage } from ${packageRoom};
import { cacheSchema, installModules } from ${serviceRoom};
const [command, first, second, third] = process.argv.slice(2);
const print = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
if (command === "__schema") await cacheSchema(first, second);
else {
  try {
    if (command === "build") print(await buildPackage(first, { schemaCommand: [process.execPath, "__schema"] }));
    else {
      const { entry, manifest, path } = await openPackage(first);
      installModules({
        sdk: await import(${sdk}),
        folder: path,
        schemas: new Map(Object.entries(manifest.imports)),
        importedNames: manifest.remoteImports,
      });
      const module = await import(entry);
      print({ result: await module[second](third) });
    }
  } catch (error) {
    print({ code: error.code, message: error.message, stack: error.stack });
  }
}
`;

/** What a build, a call or their failure printed. */
export interface Printed {
  [field: string]: unknown;
}

/** A compiled program that builds packages and calls what is in them, each time in a process of its own. */
export class PackageProgram implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "cell-program-"));
  readonly #path = join(this.#folder, "program");

  constructor() {
    const main = join(this.#folder, "main.ts");
    writeFileSync(main, SOURCE);
    const built = Bun.spawnSync([process.execPath, "build", ...BUILD_FLAGS, main, "--outfile", this.#path], {
      cwd: join(import.meta.dir, "../../.."),
      stdout: "pipe",
      stderr: "pipe",
    });
    if (!built.success) throw new Error(`compiling the program failed:\n${built.stdout}${built.stderr}`);
  }

  /** The command that runs the program. */
  command(...args: string[]): string[] {
    return [this.#path, ...args];
  }

  async run(
    home: TestHome,
    args: string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ): Promise<Printed> {
    const child = Bun.spawn(this.command(...args), {
      cwd: options.cwd ?? home.folder,
      env: { PATH: process.env["PATH"], CELL_HOME: home.home, ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (stdout === "" || stderr !== "") throw new Error(`${args.join(" ")} printed:\n${stdout}\n---\n${stderr}`);
    return JSON.parse(stdout);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
