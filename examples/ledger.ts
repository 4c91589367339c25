import { CellError, method } from "cell";
import type { u32 } from "cell";

/** An amount of money that changed hands. */
interface Transfer {
  from: string;
  to: string;
  /** In cents. @minimum 1 */
  cents: u32;
}

/** The account does not hold what the transfer needs. */
interface Shortfall {
  account: string;
  missingCents: number;
}

const balances = new Map<string, number>();

/** Opens an account with a first deposit; opening it again changes nothing. */
export const open = method({ idempotent: true }, (account: string, depositCents: u32 = 0) => {
  if (!balances.has(account)) balances.set(account, depositCents);
  return { account, cents: balances.get(account) ?? 0 };
});

/** Moves money, or fails with FAILED_PRECONDITION and the shortfall as data. */
export function transfer({ from, to, cents }: Transfer): { fromCents: number; toCents: number } {
  const available = balanceOf(from);
  const target = balanceOf(to);
  if (available < cents) {
    const shortfall: Shortfall = { account: from, missingCents: cents - available };
    throw new CellError("FAILED_PRECONDITION", `${from} lacks ${shortfall.missingCents} cents`, { data: shortfall });
  }
  balances.set(from, available - cents);
  balances.set(to, target + cents);
  return { fromCents: available - cents, toCents: target + cents };
}

/** Every account with its balance in cents. */
export const statement = method({ idempotent: true }, () => balances);

function balanceOf(account: string): number {
  const cents = balances.get(account);
  if (cents === undefined) throw new CellError("NOT_FOUND", `no account named "${account}"`);
  return cents;
}
