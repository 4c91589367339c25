import { expect, test } from "bun:test";
import type { CellError } from "../base/mod.ts";
import { createServer } from "../rpc/mod.ts";
import { type PumpedLink, pumpedLinks } from "../rpc/pumped_links.ts";
import { serviceOf, STRING, unary } from "../rpc/test_service.ts";
import type { Directory, Endpoint } from "./directory.ts";
import { ServiceClient } from "./service_client.ts";
import { TRANSPORT_VARIABLE } from "./transport.ts";

/** A service whose instances work whenever somebody waits for them, with a connection to each over what `transports` says. */
function serviceWith(...transports: ("shm" | "uds")[]) {
  const clientLinks: PumpedLink[] = [];
  const { schema, handlers } = serviceOf({ who: unary([], STRING, () => "me") });
  const endpoints = transports.map((transport, index): Endpoint => ({
    id: `demo@${index + 1}`,
    species: schema.species,
    release: 1,
    distance: 0,
    dial: () => {
      const [there, here] = pumpedLinks();
      here.transport = transport;
      here.beforeReceiving = () => there.receiveNow();
      clientLinks.push(here);
      createServer({ schema, handlers, instance: "test" }).accept(there);
      return Promise.resolve(here);
    },
  }));
  const directory: Directory = {
    list: () => Promise.resolve(endpoints),
    find: () => Promise.resolve(endpoints),
  };
  return { schema, directory, clientLinks };
}

/** Waits for something that takes the event loop, while everybody works. */
async function whileWorking<T>(clientLinks: PumpedLink[], promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = promise.finally(() => isOver = true);
  over.catch(() => {});
  while (!isOver) {
    for (const link of clientLinks) link.receiveNow();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return over;
}

function refusalOf(run: () => unknown): CellError {
  try {
    run();
  } catch (error) {
    return error as CellError;
  }
  throw new Error("it was not refused");
}

test("who connects with the transport shm calls synchronously at once", async () => {
  const { directory, clientLinks } = serviceWith("shm");
  const client = new ServiceClient("demo", directory, { transport: "shm" });
  const refusal = refusalOf(() => client.callSync("who", []));
  expect(refusal).toMatchObject({ code: "FAILED_PRECONDITION", data: { started: false } });
  expect(refusal.message).toContain("await call() first");
  await whileWorking(clientLinks, client.connect());
  expect(client.callSync("who", [])).toBe("me");
  await client.close();
  expect(refusalOf(() => client.callSync("who", [])).code).toBe("FAILED_PRECONDITION");
});

test("a connection on a socket is refused with what to do", async () => {
  const { directory, clientLinks } = serviceWith("uds");
  const client = new ServiceClient("demo", directory, {});
  await whileWorking(clientLinks, client.call("who", []));
  expect(refusalOf(() => client.callSync("who", [])).message).toBe(
    'calling demo.who synchronously: expected a connection in shared memory, found one over uds: connect with transport "shm", ' +
      "or await some calls first: a connection moves while it is used",
  );
  await client.close();
});

test("a client that was told to keep to the socket says so, and who told it", async () => {
  const { directory, clientLinks } = serviceWith("uds");
  const before = process.env[TRANSPORT_VARIABLE];
  process.env[TRANSPORT_VARIABLE] = "uds";
  try {
    for (
      const [options, chosenBy] of [[{}, "CELL_TRANSPORT=uds"], [
        { transport: "uds" },
        'option transport: "uds"',
      ]] as const
    ) {
      const client = new ServiceClient("demo", directory, options);
      await whileWorking(clientLinks, client.call("who", []));
      const refusal = refusalOf(() => client.callSync("who", []));
      expect(refusal).toMatchObject({ code: "FAILED_PRECONDITION", data: { started: false } });
      expect(refusal.message).toStartWith("calling demo.who synchronously: this client keeps to Unix sockets, by ");
      expect(refusal.message).toContain(chosenBy);
      await client.close();
    }
  } finally {
    if (before === undefined) delete process.env[TRANSPORT_VARIABLE];
    else process.env[TRANSPORT_VARIABLE] = before;
  }
});

test("while a further instance's connection is on its socket, synchronous calls are given to the others", async () => {
  const { directory, clientLinks, schema } = serviceWith("shm", "uds");
  const client = new ServiceClient("demo", directory, { schema });
  await whileWorking(clientLinks, client.call("who", []));
  while (clientLinks.length < 2) await whileWorking(clientLinks, client.call("who", []));
  while (client.transport() !== "mixed") await whileWorking(clientLinks, client.call("who", []));
  for (let call = 0; call < 100; call++) expect(client.callSync("who", [])).toBe("me");
  await client.close();
});
