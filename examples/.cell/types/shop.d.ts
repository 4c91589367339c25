declare module "cell:shop" {
  import type { u32 } from "cell";

  /** Sells something: a service that calls another one as if it were a module. */
  export function buy(customer: string, item: string, priceCents: u32): Promise<{ customer: string; item: string; leftCents: number }>;
}
