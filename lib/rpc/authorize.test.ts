import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { memoryLinks, type Peer } from "../net/mod.ts";
import { createClient, createServer, type RpcClient, type ServerLogEntry } from "./mod.ts";
import { NUMBER, numbers, serviceOf, streaming, streamOf, unary } from "./test_service.ts";
import { takeLinks, testOverTransports } from "./test_transports.ts";

const REMOTE: Peer = {
  kind: "instance",
  cluster: "c".repeat(32),
  node: "a".repeat(32),
  nodeName: "pi",
  service: "clerk",
  instance: "clerk@1",
  address: "192.0.2.7:41641",
};

/** A service of which `refuse` decides who is answered. */
function serve(refuse: (peer: Peer) => CellError | undefined) {
  const calls: unknown[] = [];
  const asked: Peer[] = [];
  const log: ServerLogEntry[] = [];
  const service = serviceOf({
    add: unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => {
      calls.push([a, b]);
      return a + b;
    }),
    count: streaming([NUMBER], NUMBER, (to: number) => numbers(to)),
    sum: unary([streamOf(NUMBER)], NUMBER, () => 0),
  });
  const server = createServer({
    ...service,
    instance: "test",
    log: (entry) => void log.push(entry),
    authorize: (peer) => {
      asked.push(peer);
      return refuse(peer);
    },
  });
  return { server, schema: service.schema, calls, asked, log };
}

function denied(): CellError {
  return new CellError("PERMISSION_DENIED", "the list does not have you");
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then((value) => value, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

testOverTransports("every call of a peer that is refused is answered with why, and nothing is executed", async () => {
  const { server, schema, calls, asked, log } = serve(denied);
  const [there, here] = takeLinks();
  server.accept(there);
  const client = createClient(here, { schema });
  const attempts = [
    rejection(client.call("add", [1, 2])),
    rejection(client.call("add", [3, 4])),
    rejection(client.call("sum", [numbers(3)])),
    rejection(client.stream("count", [3]).next()),
  ];
  for (const error of await Promise.all(attempts)) {
    expect(error).toMatchObject({
      code: "PERMISSION_DENIED",
      message: "the list does not have you",
      data: { started: false },
    });
  }
  expect(calls).toEqual([]);
  expect(server.stats()).toMatchObject({ calls: 0, connections: 1 });
  expect([asked.length, log.filter(({ level }) => level === "warn").length]).toEqual([1, 1]);
  await client.close();
});

testOverTransports("a peer that is let in is asked about once, and each connection by itself", async () => {
  const { server, schema, asked } = serve(() => undefined);
  const clients: RpcClient[] = [];
  for (let connection = 0; connection < 2; connection++) {
    const [there, here] = takeLinks();
    server.accept(there);
    clients.push(createClient(here, { schema }));
  }
  for (const client of clients) for (let n = 0; n < 10; n++) expect(await client.call("add", [n, 1])).toBe(n + 1);
  expect(asked.length).toBe(2);
  for (const client of clients) await client.close();
});

/** A client that the server takes for `peer`. */
function connectAs(server: ReturnType<typeof serve>["server"], peer: Peer): RpcClient {
  const [there, here] = memoryLinks();
  Object.defineProperty(there, "peer", { value: peer });
  server.accept(there);
  return createClient(here);
}

test("a process of this machine that is refused may look at the service, an instance from elsewhere may not", async () => {
  const { server } = serve(denied);
  const local = connectAs(server, { kind: "process", uid: 0, pid: 1 });
  expect(await local.hello()).toMatchObject({ service: "demo", instance: "test" });
  expect((await local.stats()).calls).toBe(0);
  expect(Object.keys((await local.schema()).methods)).toEqual(["add", "count", "sum"]);
  expect((await rejection(local.call("add", [1, 2]))).code).toBe("PERMISSION_DENIED");
  const remote = connectAs(server, REMOTE);
  for (const asking of [remote.hello(), remote.stats(), remote.schema(), remote.call("add", [1, 2])]) {
    expect((await rejection(asking)).code).toBe("PERMISSION_DENIED");
  }
});

test("the same server answers one peer and refuses another", async () => {
  const { server } = serve((peer) => (peer.kind === "instance" && peer.service === "clerk" ? undefined : denied()));
  expect(await connectAs(server, REMOTE).call("add", [1, 2])).toBe(3);
  expect((await rejection(connectAs(server, { ...REMOTE, service: "cook" }).call("add", [1, 2]))).code)
    .toBe("PERMISSION_DENIED");
  const anonymous: Peer = { kind: "anonymous", address: "192.0.2.8:1" };
  expect((await rejection(connectAs(server, anonymous).call("add", [1, 2]))).code).toBe("PERMISSION_DENIED");
});

test("an access check that fails lets nobody in", async () => {
  const { server, calls } = serve(() => {
    throw new Error("the disk is gone");
  });
  const client = connectAs(server, REMOTE);
  expect(await rejection(client.call("add", [1, 2]))).toMatchObject({ code: "INTERNAL", message: "the disk is gone" });
  expect(calls).toEqual([]);
});
