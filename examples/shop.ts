import { open, transfer } from "cell:ledger";
import type { u32 } from "cell";

/** The shop's own account. */
const TILL = "shop";

/** Sells something: a service that calls another one as if it were a module. */
export async function buy(customer: string, item: string, priceCents: u32) {
  await open(TILL, 0);
  const { fromCents } = await transfer({ from: customer, to: TILL, cents: priceCents });
  return { customer, item, leftCents: fromCents };
}
