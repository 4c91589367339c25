import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { listenUnix } from "../net/mod.ts";
import { createServer } from "../rpc/mod.ts";
import { Kind } from "../wire/mod.ts";
import { claimName } from "./claim.ts";
import { runDirectory } from "./home.ts";
import { connectService, openService } from "./remote.ts";
import { schemaOf, serveHandlers, TestHome } from "./testing/mod.ts";
import { chooseTransport, TRANSPORT_VARIABLE } from "./transport.ts";

const saved = process.env[TRANSPORT_VARIABLE];
afterEach(() => choose(saved));

/** What the environment says from now on. */
function choose(value: string | undefined): void {
  if (value === undefined) delete process.env[TRANSPORT_VARIABLE];
  else process.env[TRANSPORT_VARIABLE] = value;
}

function refusal(run: () => unknown): CellError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    return error as CellError;
  }
  throw new Error("expected a refusal");
}

test("the option wins over the environment, and the environment over the default", () => {
  choose(undefined);
  expect(chooseTransport()).toBe("auto");
  for (const name of ["uds", "shm", "quic", "tls", "auto"] as const) {
    choose(name);
    expect(chooseTransport()).toBe(name);
    expect(chooseTransport(undefined)).toBe(name);
  }
  choose("shm");
  expect(chooseTransport("uds")).toBe("uds");
  expect(chooseTransport("auto")).toBe("auto");
});

test("an environment that says nothing chooses nothing", () => {
  choose("");
  expect(chooseTransport()).toBe("auto");
});

test("an option that is fine is not troubled by an environment that is not", () => {
  choose("nonsense");
  expect(chooseTransport("uds")).toBe("uds");
});

test("what is no transport is refused with where it was said, what was expected and what was found", () => {
  choose("nonsense");
  expect(refusal(() => chooseTransport())).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: 'CELL_TRANSPORT: expected uds, shm, quic, tls or auto, found "nonsense"',
  });
  choose(undefined);
  const cases: [unknown, string][] = [
    ["SHM", 'found "SHM". Did you mean shm?'],
    ["", 'found ""'],
    [3, "found number"],
    [null, "found null"],
  ];
  for (const [option, found] of cases) {
    expect(refusal(() => chooseTransport(option))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `the option transport: expected uds, shm, quic, tls or auto, ${found}`,
    });
  }
});

test("a client reads its choice once, when it is made", async () => {
  await using home = new TestHome();
  await serveHandlers(home, "math", { add: (a: number, b: number) => a + b });
  choose("nonsense");
  expect(refusal(() => openService("math")).code).toBe("INVALID_ARGUMENT");
  await expect(connectService("math")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  choose("uds");
  const math = openService("math");
  expect(math.transport()).toBeUndefined();
  choose("nonsense");
  expect(await math.call("add", [2, 3])).toBe(5);
  expect(math.transport()).toBe("uds");
  await math.close();
});

test("whoever is told to keep to the socket keeps to it, however many calls are made", async () => {
  await using home = new TestHome();
  await serveHandlers(home, "math", { add: (a: number, b: number) => a + b });
  choose("shm");
  const math = await connectService("math", { transport: "uds" });
  for (let n = 0; n < 100; n++) expect(await math.call("add", [n, 1])).toBe(n + 1);
  expect(math.transport()).toBe("uds");
  await math.close();
});

test("a server whose version knows sockets only is not asked for anything else, and one that must be fails with what to do", async () => {
  await using home = new TestHome();
  const methods = { add: (a: number, b: number) => a + b };
  const claim = await claimName("math");
  // As such a version signs it, and listens.
  writeFileSync(join(runDirectory(), "math.lock"), `{"pid":${process.pid}}\n`);
  const server = createServer({
    schema: schemaOf("math", methods),
    handlers: { add: { fn: methods.add } },
    instance: "math",
  });
  const heard = new Set<number>();
  const listener = await listenUnix(claim.socket, {
    onLink: (link) => {
      const start = link.start.bind(link);
      link.start = (receiver, payloadBytesMax) => {
        const onFrame = receiver.onFrame.bind(receiver);
        receiver.onFrame = (frame) => {
          heard.add(frame.kind);
          onFrame(frame);
        };
        start(receiver, payloadBytesMax);
      };
      server.accept(link);
    },
  });
  home.defer(async () => {
    await listener.close();
    await server.drain(0);
    claim.release();
  });
  const math = await connectService("math", { transport: "auto" });
  for (let n = 0; n < 100; n++) expect(await math.call("add", [n, 1])).toBe(n + 1);
  expect(math.transport()).toBe("uds");
  expect([...heard]).toEqual([Kind.request]);
  await math.close();
  await expect(connectService("math", { transport: "shm" })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message:
      `connecting to math in shared memory: its process (pid ${process.pid}) runs a version of cell that has none. ` +
      "Restart it.",
  });
});
