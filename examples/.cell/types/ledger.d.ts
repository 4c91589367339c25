declare module "cell:ledger" {
  import type { u32 } from "cell";

  /** An amount of money that changed hands. */
  export interface Transfer {
    from: string;
    to: string;
    /**
     * In cents.
     * @minimum 1
     */
    cents: u32;
  }

  /** Opens an account with a first deposit; opening it again changes nothing. */
  export function open(account: string, depositCents?: u32): Promise<{ account: string; cents: number }>;

  /** Every account with its balance in cents. */
  export function statement(): Promise<Map<string, number>>;

  /** Moves money, or fails with FAILED_PRECONDITION and the shortfall as data. */
  export function transfer(input: Transfer): Promise<{ fromCents: number; toCents: number }>;
}
