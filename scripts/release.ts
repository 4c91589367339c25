/**
 * Compiles the binary for every platform into dist/release, with SHA256SUMS: `bun scripts/release.ts [PLATFORM...]`.
 * The same sources and the same Bun give the same bytes.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.ts";

const PLATFORMS = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl", "darwin-x64", "darwin-arm64"];

const wanted = process.argv.length > 2 ? process.argv.slice(2) : PLATFORMS;
const unknown = wanted.filter((platform) => !PLATFORMS.includes(platform));
if (unknown.length > 0) throw new Error(`no such platform: ${unknown.join(", ")}; expected ${PLATFORMS.join(", ")}`);

const folder = process.env["CELL_RELEASE_FOLDER"] ?? join(import.meta.dir, "../dist/release");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const sums: string[] = [];
for (const platform of wanted) {
  const name = `cell-${platform}`;
  const path = join(folder, name);
  build(path, `bun-${platform}`);
  const digest = new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
  sums.push(`${digest}  ${name}`);
  console.error(`${name}  ${(Bun.file(path).size / 2 ** 20).toFixed(0)} MiB  ${digest.slice(0, 16)}`);
}
await Bun.write(join(folder, "SHA256SUMS"), sums.join("\n") + "\n");
