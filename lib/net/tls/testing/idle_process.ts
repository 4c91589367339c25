/** Connects to itself, lets go of both ends, and has nothing else to do: it must end by itself, its links still open. */
import { TlsWorld } from "./tls_world.ts";

const world = await TlsWorld.create();
const listener = await world.listen();
const link = await world.dial(listener);
await listener.close();
const ends = [link, world.accepted[0]!];
if (process.argv[2] === "held") ends.pop();
for (const end of ends) end.unref();
console.log("idle");
