import { expect, test } from "bun:test";
import { memoryLinks } from "../net/mod.ts";
import { createClient, createServer } from "../rpc/mod.ts";
import { NUMBER, numbers, serviceOf, streamOf, unary, until, VOID } from "../rpc/test_service.ts";
import type { Directory, Endpoint } from "./directory.ts";
import { ServiceClient } from "./service_client.ts";

const { schema, handlers } = serviceOf({
  hold: unary([], VOID, () => new Promise(() => {})),
  total: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
    let total = 0;
    for await (const item of items) total += item;
    return total;
  }),
});

/** A service of two instances, the first of which is busy and refuses calls. */
async function halfBusyService(): Promise<{ directory: Directory; close: () => Promise<void> }> {
  const [busy, idle] = [1, 2].map((number) =>
    createServer({ schema, handlers, instance: `demo@${number}`, limits: number === 1 ? { callsMax: 1 } : {} })
  );
  const dialTo = (server = idle!) => {
    const [there, here] = memoryLinks();
    server.accept(there);
    return here;
  };
  const holder = createClient(dialTo(busy), { schema });
  holder.call("hold", []).catch(() => {});
  await until(() => busy!.stats().inFlight === 1);
  const endpoints = [busy, idle].map((server, index): Endpoint => ({
    id: `demo@${index + 1}`,
    species: schema.species,
    release: 1,
    distance: 0,
    dial: () => Promise.resolve(dialTo(server)),
  }));
  let looks = 0;
  const find = () => Promise.resolve(endpoints.slice(0, ++looks));
  return { directory: { list: find, find }, close: () => holder.close() };
}

test("a stream that can be read again is sent to another instance when the first one refuses the call", async () => {
  const { directory, close } = await halfBusyService();
  const client = new ServiceClient("demo", directory, { schema });
  await client.hello();
  expect(await client.call("total", [[1, 2, 3]])).toBe(6);
  await client.close();
  await close();
});

test("a stream that was read from is not: its beginning is gone", async () => {
  const { directory, close } = await halfBusyService();
  const client = new ServiceClient("demo", directory, { schema });
  await client.hello();
  expect(await client.call("total", [numbers(4)]).catch(({ code }) => code)).toBe("RESOURCE_EXHAUSTED");
  await client.close();
  await close();
});
