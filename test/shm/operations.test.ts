import { expect, setDefaultTimeout, test } from "bun:test";
import { isAlive, Load, NodeMachine } from "../nucleus/harness/mod.ts";
import { until } from "../harness/mod.ts";
import { sharedMappingsOf, type Transport, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** What operators do to a service costs its callers no call, over any transport. */
const version = (name: string): string => `
export function version(): string { return ${JSON.stringify(name)}; }
export async function slow(ms: number): Promise<string> { await Bun.sleep(ms); return ${JSON.stringify(name)}; }
`;

/** Calls the other service with every call of its own. */
const OUTER = `
import { version } from "cell:shop";
export async function ask(): Promise<string> { return await version(); }
`;

/** This process's clients use the transport too. */
function choose(transport: Transport): Disposable {
  const before = process.env["CELL_TRANSPORT"];
  process.env["CELL_TRANSPORT"] = transport;
  return {
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env["CELL_TRANSPORT"];
      else process.env["CELL_TRANSPORT"] = before;
    },
  };
}

test.each(TRANSPORTS)(
  "swapping, scaling, draining and restarting under load fail no call, over %s",
  async (transport) => {
    using _ = choose(transport);
    await using machine = await NodeMachine.up({ heartbeat: "250ms", env: { CELL_TRANSPORT: transport } });
    await machine.deploy("shop", version("one"), ["--instances", "2"]);
    await machine.deploy("outer", OUTER);
    const client = await machine.connect("shop");
    await using direct = await Load.start("shop", { method: "version" });
    await using nested = await Load.start("outer", { method: "ask" });
    // Which of the instances are connected to, and when, is the clients' business.
    const shared = async () => (await machine.pids("shop")).reduce((sum, pid) => sum + sharedMappingsOf(pid), 0);
    if (transport === "shm") await until(async () => await shared() > 0, "a connection to move");
    else expect(await shared()).toBe(0);

    const before = await machine.pids("shop");
    const inFlight = client.call("slow", [1_500]);
    await machine.ok(["swap", "shop", machine.write("two/shop.ts", version("two")), "--observe", "500ms"]);
    expect(await inFlight).toBe("one");
    await until(() => !before.some(isAlive), "the old processes to end");

    await machine.ok(["scale", "shop", "4"]);
    await machine.untilUp("shop", 4);
    await direct.more(100);
    await machine.ok(["scale", "shop", "1"]);
    await machine.untilUp("shop", 1);
    await direct.more(50);
    const [kept] = await machine.pids("shop");
    await machine.ok(["restart", "shop"]);
    await machine.untilInstances(
      "shop",
      "a fresh process alone",
      (all) => all.length === 1 && all[0]!.state === "up" && all[0]!.pid !== kept,
    );
    await Promise.all([direct.more(50), nested.more(50)]);
    await direct.stop();
    await nested.stop();
    expect([direct.failures, nested.failures]).toEqual([[], []]);
    for (const load of [direct, nested]) expect([...load.results.keys()]).toEqual(["one", "two"]);
  },
);
