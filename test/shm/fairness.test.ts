import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../harness/mod.ts";
import { ShmMachine, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** A server has many clients: one that asks without end does not keep the others from their answers. */
const FLOOD_IN_FLIGHT = 512;
const FLOOD_ANSWERS = process.env["CELL_SOAK"] === undefined ? 60_000 : 5_000_000;
const MODEST_CLIENTS = 8;
/** A client that has one call in flight gets one answer at least while the flood gets this many. */
const FLOOD_ANSWERS_PER_ANSWER_MAX = 4 * FLOOD_IN_FLIGHT;

test.each(TRANSPORTS)("a client that floods a server does not starve the others, over %s", async (transport) => {
  await using machine = new ShmMachine(transport);
  await Promise.all(["target", "caller"].map((file) => machine.run(file, file)));
  await machine.run("caller", "modest");
  const [flooder, modest] = [await machine.control("caller"), await machine.control("modest")];
  await flooder.call("open", ["target", 1]);
  await modest.call("open", ["target", MODEST_CLIENTS]);
  await flooder.call("beginFlood", [FLOOD_IN_FLIGHT]);
  await modest.call("beginFlood", [1]);
  await until(
    async () => (await flooder.call("flooded", []) as number[])[0]! >= FLOOD_ANSWERS,
    "the flood to be answered",
  );
  const answers = await modest.call("flooded", []) as number[];
  const [flood] = await flooder.call("flooded", []) as number[];
  await modest.call("endFlood", []);
  await flooder.call("endFlood", []);
  expect(answers).toHaveLength(MODEST_CLIENTS);
  const share = `${answers} answers beside a flood of ${flood}`;
  expect(Math.min(...answers) * FLOOD_ANSWERS_PER_ANSWER_MAX, share).toBeGreaterThanOrEqual(flood!);
  // And the modest ones are treated alike.
  expect(Math.max(...answers), share).toBeLessThanOrEqual(10 * Math.min(...answers));
}, 3_600_000);
