/** A script: it exports nothing and only calls. Run it with `cell run` while ledger.ts and shop.ts are running. */
import { open } from "cell:ledger";
import { buy } from "cell:shop";

await open("ada", 1000);
const { leftCents } = await buy("ada", "a slide rule", 250);
console.log(`ada has ${leftCents} cents left`);
