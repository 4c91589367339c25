import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestHome } from "./test_home.ts";

const program = (module: string) => JSON.stringify(join(import.meta.dir, "..", module));

/** Serves NAME@NUMBER: `twice` is idempotent and takes a moment, `once` is not, `who` tells its instance. */
const SOURCE = `
import { claimInstance } from ${program("claim.ts")};
import { serve } from ${program("serve.ts")};
import { drainOnSignals } from ${program("signals.ts")};
import { finishSchema } from ${program("../schema/mod.ts")};
const [name, number, release, extra] = process.argv.slice(2);
const anything = { kind: "unknown" };
const method = (differing) => ({ params: [{ name: "value", type: anything }], result: anything, ...differing });
const methods = { twice: method({ idempotent: true }), once: method({}), who: method({ idempotent: true }) };
if (extra !== undefined) methods[extra] = method({});
const schema = finishSchema({ name, methods, types: {} });
const slowly = async (value) => {
  await Bun.sleep(2);
  return value;
};
const handlers = { twice: { fn: slowly }, once: { fn: slowly }, who: { fn: () => name + "@" + number } };
if (extra !== undefined) handlers[extra] = { fn: slowly };
const claim = await claimInstance(name, Number(number), { species: schema.species, release: Number(release) });
const service = await serve(schema, handlers, claim, console.error);
drainOnSignals(service, console.error);
console.log("ready");
await service.stopped;
process.exit(0);
`;

/** Starts instances of deployed services as processes of their own, without an agent. */
export class InstanceProcesses implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "cell-test-instances-"));
  readonly #script = join(this.#folder, "instance.ts");

  constructor() {
    writeFileSync(this.#script, SOURCE);
  }

  /** Resolves when the instance answers. It is killed with the test's home at the latest. */
  async start(
    home: TestHome,
    { name, number, release = 1, extra }: { name: string; number: number; release?: number; extra?: string },
  ): Promise<InstanceProcess> {
    const args = [name, String(number), String(release), ...(extra === undefined ? [] : [extra])];
    const child = Bun.spawn([process.execPath, this.#script, ...args], {
      env: { PATH: process.env["PATH"], CELL_HOME: home.home },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    home.defer(async () => {
      child.kill("SIGKILL");
      await child.exited;
    });
    const { value } = await child.stdout.getReader().read();
    if (value === undefined) throw new Error(`${name}@${number} did not start`);
    return child;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A process that serves an instance. */
export type InstanceProcess = Pick<Bun.Subprocess, "pid" | "kill" | "exited">;
