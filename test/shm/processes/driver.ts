import { CellError } from "cell";
import { Load } from "./load.ts";

/** A client that loads the services that its environment names until it is killed, and says when it has begun to. */
const targets = process.env["TARGETS"];
if (targets === undefined) throw new CellError("INVALID_ARGUMENT", "TARGETS: expected names of services, found none");
const load = await Load.start(targets.split(","));
while ((load.report().answered["once"] ?? 0) < 20) await Bun.sleep(1);
console.log("under load");
for (;;) {
  await Bun.sleep(100);
  if (load.report().wrong.length > 0) console.log(`wrong: ${load.report().wrong.join("; ")}`);
}
