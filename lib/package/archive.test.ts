import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestHome } from "../service/testing/mod.ts";
import { ArchiveReader, PREFIX_BYTES } from "./archive_reader.ts";
import { PACKAGE_BYTES_MAX } from "./limits.ts";
import { buildPackage, openPackage, readArchive, storeArchive } from "./mod.ts";
import { rejection } from "./testing/rejection.ts";

// Reading types loads the compiler.
setDefaultTimeout(120_000);

const HELLO = `import logo from "./logo.bin" with { type: "file" };
export function greet(name: string): string { return name + logo.length; }
`;

/** A home in which a package was built, and that package as an archive. */
async function built(place: TestHome): Promise<{ sha256: string; path: string; archive: Uint8Array }> {
  place.write("logo.bin", "x".repeat(200_000));
  const { sha256, path } = await buildPackage(place.write("hello.ts", HELLO));
  return { sha256, path, archive: Buffer.concat(await Array.fromAsync(readArchive(sha256))) };
}

/** In pieces of this many bytes, as another machine may send them. */
async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}

function packages(place: TestHome): string[] {
  return readdirSync(join(place.home, "packages"));
}

for (const pieceBytes of [61, 4096, 1_000_000]) {
  test(`what is read as an archive is stored as the same package, in pieces of ${pieceBytes} bytes`, async () => {
    await using place = new TestHome();
    const { sha256, path, archive } = await built(place);
    rmSync(path, { recursive: true });
    // An empty piece says nothing, wherever it stands.
    async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
      yield new Uint8Array(0);
      yield* inPieces(archive, pieceBytes);
      yield new Uint8Array(0);
    }
    expect(await storeArchive(sha256, pieces())).toEqual({ sha256, path, isNew: true });
    const { manifest } = await openPackage(sha256);
    expect(manifest.service).toBe("hello");
    expect(packages(place)).toEqual([sha256]);
  });
}

test("of a package that is there already nothing is read; one that was damaged is replaced", async () => {
  await using place = new TestHome();
  const { sha256, path, archive } = await built(place);
  let isRead = false;
  async function* watched(): AsyncGenerator<Uint8Array, void, void> {
    isRead = true;
    yield* inPieces(archive, 4096);
  }
  expect(await storeArchive(sha256, watched())).toMatchObject({ isNew: false });
  expect(isRead).toBe(false);
  const code = join(path, "service.js");
  chmodSync(code, 0o600);
  writeFileSync(code, "damaged");
  expect(await storeArchive(sha256, watched())).toMatchObject({ isNew: true });
  expect(readFileSync(code, "utf8")).not.toBe("damaged");
  expect((await openPackage(sha256)).sha256).toBe(sha256);
});

test("an archive that differs in any byte, is cut off anywhere or goes on is refused, and nothing is left", async () => {
  await using place = new TestHome();
  const { sha256, path, archive } = await built(place);
  rmSync(path, { recursive: true });
  const step = Math.floor(archive.length / 40);
  for (let at = 0; at < archive.length; at += step) {
    const flipped = Uint8Array.from(archive);
    flipped[at]! ^= 1;
    const { code } = await rejection(storeArchive(sha256, inPieces(flipped, 50_000)));
    expect(["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"], `byte ${at}`).toContain(code);
    const cut = await rejection(storeArchive(sha256, inPieces(archive.subarray(0, at), 50_000)));
    expect(cut, `cut at ${at}`).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("it ends within"),
    });
  }
  const longer = Buffer.concat([archive, new Uint8Array(1)]);
  expect((await rejection(storeArchive(sha256, inPieces(longer, 50_000)))).message).toContain(
    "more behind its last file",
  );
  expect(packages(place)).toEqual([]);
});

test("lengths that nothing holds are refused before anything of that size is read or kept", async () => {
  await using place = new TestHome();
  const { sha256, path, archive } = await built(place);
  rmSync(path, { recursive: true });
  const manifestBytes = new DataView(archive.buffer, archive.byteOffset).getUint32(0);
  for (const at of [0, PREFIX_BYTES + manifestBytes]) {
    const hostile = Uint8Array.from(archive);
    new DataView(hostile.buffer).setUint32(at, PACKAGE_BYTES_MAX + 1);
    const error = await rejection(storeArchive(sha256, inPieces(hostile, 50_000)));
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", message: expect.stringContaining("268435457 bytes") });
  }
  expect(packages(place)).toEqual([]);
});

test("a manifest that matches its name and is none is refused", async () => {
  await using place = new TestHome();
  const text = new TextEncoder().encode('{"format":1,"service":"../x","files":{"../../evil":"00"}}');
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setUint32(0, text.length);
  const error = await rejection(storeArchive(sha256, inPieces(Buffer.concat([prefix, text]), 1000)));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(packages(place)).toEqual([]);
});

test("a sender that falls silent is given up, and is told to stop", async () => {
  const { promise: never, resolve } = Promise.withResolvers<IteratorResult<Uint8Array, void>>();
  let isReturned = false;
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => never,
      return: () => {
        isReturned = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  {
    await using reader = new ArchiveReader(silent, 10);
    expect(await rejection(reader.length("manifest.json", 1))).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  }
  expect(isReturned).toBe(true);
  resolve({ done: true, value: undefined });
});

test("a package that is not there, or was damaged, is not sent", async () => {
  await using place = new TestHome();
  const { sha256, path } = await built(place);
  expect(await rejection(readArchive("0".repeat(64)).next())).toMatchObject({ code: "NOT_FOUND" });
  expect(await rejection(readArchive("../x").next())).toMatchObject({ code: "INVALID_ARGUMENT" });
  chmodSync(join(path, "service.js"), 0o600);
  writeFileSync(join(path, "service.js"), "damaged");
  expect(await rejection(readArchive(sha256).next())).toMatchObject({ code: "DATA_LOSS" });
});
