import { mkdirSync } from "node:fs";

/** A small file system of its own in a folder, where this user may mount one; `using` takes it away. */
export class FullDisk implements Disposable {
  private constructor(private readonly path: string) {}

  /** Undefined where nothing can be mounted, as in most containers. */
  static at(path: string, bytes: number): FullDisk | undefined {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
    const options = `size=${bytes},mode=0700`;
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], { stderr: "ignore" });
    return mounted.success ? new FullDisk(path) : undefined;
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["umount", "--lazy", this.path]);
  }
}
