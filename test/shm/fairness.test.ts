import { setDefaultTimeout, test } from "bun:test";
import { until } from "../harness/mod.ts";
import { ShmMachine, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** A server has many clients: one that asks without end does not keep the others from their answers. */
const FLOOD_IN_FLIGHT = 512;
const FLOOD_ANSWERS = process.env["CELL_SOAK"] === undefined ? 60_000 : 5_000_000;
const MODEST_CLIENTS = 8;
/** A client that has one call in flight gets one answer at least while the flood gets this many. */
const FLOOD_ANSWERS_PER_ANSWER_MAX = 4 * FLOOD_IN_FLIGHT;
/** And no modest one more than this many times what another one gets. */
const UNEVEN_MAX = 10;
const SHARE_WAIT_MS_MAX = process.env["CELL_SOAK"] === undefined ? 60_000 : 3_000_000;

test.each(TRANSPORTS)("a client that floods a server does not starve the others, over %s", async (transport) => {
  await using machine = new ShmMachine(transport);
  await Promise.all(["target", "caller"].map((file) => machine.run(file, file)));
  await machine.run("caller", "modest");
  const [flooder, modest] = [await machine.control("caller"), await machine.control("modest")];
  await flooder.call("open", ["target", 1]);
  await modest.call("open", ["target", MODEST_CLIENTS]);
  await flooder.call("beginFlood", [FLOOD_IN_FLIGHT]);
  await modest.call("beginFlood", [1]);
  let share = "";
  // A process that has no core for a while catches up; one that is starved never does.
  await until(
    async () => {
      const answers = await modest.call("flooded", []) as number[];
      const [flood = 0] = await flooder.call("flooded", []) as number[];
      share = `${answers} answers beside a flood of ${flood}`;
      const fewest = Math.min(...answers);
      const isServed = answers.length === MODEST_CLIENTS && fewest * FLOOD_ANSWERS_PER_ANSWER_MAX >= flood;
      // And the modest ones are treated alike.
      const isEven = Math.max(...answers) <= UNEVEN_MAX * fewest;
      return flood >= FLOOD_ANSWERS && isServed && isEven;
    },
    "the modest to have their share",
    SHARE_WAIT_MS_MAX,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${share}`);
  });
  await modest.call("endFlood", []);
  await flooder.call("endFlood", []);
}, 3_600_000);
