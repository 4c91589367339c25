import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine, type Running, until } from "../../../test/harness/mod.ts";
import { buildPackage } from "../../package/mod.ts";

/** A machine of its own on which workers of the compiled binary run, without an agent. */
export class WorkerMachine extends Machine {
  /** Makes a package of a source; returns its hash. */
  async package(file: string, source: string): Promise<string> {
    const before = process.env["CELL_HOME"];
    process.env["CELL_HOME"] = this.home;
    try {
      return (await buildPackage(this.write(file, source))).sha256;
    } finally {
      if (before === undefined) delete process.env["CELL_HOME"];
      else process.env["CELL_HOME"] = before;
    }
  }

  /** Starts a worker as the agent does. */
  worker(service: string, number: number, sha256: string): Running {
    return this.start(["__worker", service, `${number}`, "1", sha256]);
  }

  /** Starts a worker and waits until it serves. */
  async serving(service: string, number: number, sha256: string): Promise<Running> {
    const worker = this.worker(service, number, sha256);
    await until(
      () => existsSync(join(this.home, "run", `${service}@${number}.sock`)),
      `${service}@${number} to serve:\n${this.log(`${service}@${number}`)}`,
    );
    return worker;
  }

  /** What is in the log of an instance. */
  log(instance: string): string {
    const path = join(this.home, "logs", `${instance}.log`);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }
}
