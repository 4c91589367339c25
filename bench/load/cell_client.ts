/**
 * A client as a service has it: connects by name and calls `greet`. `bun cell_client.ts SERVICE` with the CELL_HOME of
 * the service; a request per line of stdin.
 */
import { connectService } from "../../lib/service/mod.ts";
import { answerRequests } from "./requests.ts";

const [name = ""] = process.argv.slice(2);
const service = await connectService(name);
const args = [{ name: "World" }] as const;
const expected = "Hello, World!";

async function call(): Promise<void> {
  const { greeting } = (await service.call("greet", args)) as { greeting: string };
  if (greeting !== expected) throw new Error(`expected "${expected}", found ${JSON.stringify(greeting)}`);
}

async function latenciesMicros(calls: number): Promise<Float64Array> {
  const micros = new Float64Array(calls);
  for (let index = 0; index < calls; index++) {
    const started = Bun.nanoseconds();
    await call();
    micros[index] = (Bun.nanoseconds() - started) / 1000;
  }
  return micros;
}

async function callsPerSecond(inFlight: number, durationMs: number): Promise<number> {
  let calls = 0;
  const started = performance.now();
  const end = started + durationMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (calls * 1000) / (performance.now() - started);
}

await call();
await answerRequests({ latenciesMicros, callsPerSecond });
await service.close();
