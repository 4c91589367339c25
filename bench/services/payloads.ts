import type { f32, u32, u8 } from "cell";

/** A greeting's argument: the smallest thing that anybody sends. */
export interface Greeting {
  name: string;
}

export interface OrderItem {
  /** @pattern ^[A-Z]{3}-[0-9]{4}$ */
  sku: string;
  title: string;
  /** @minimum 1 */
  quantity: u32;
  price: number;
  discount?: number;
}

export interface Address {
  street: string;
  city: string;
  zip: string;
  country: "DE" | "FR" | "IT" | "US";
}

/** A shop's order: nested objects, literals, money. */
export interface Order {
  id: string;
  customer: { id: u32; email: string; vip: boolean };
  status: "new" | "paid" | "shipped" | "returned";
  createdAt: Date;
  shipTo: Address;
  billTo: Address | null;
  /** @minItems 1 */
  items: OrderItem[];
  notes?: string;
}

/** A minute of a sensor: long arrays of numbers. */
export interface Telemetry {
  sensor: string;
  startedAt: Date;
  intervalMs: u32;
  celsius: number[];
  vibration: f32[];
  quality: u8[];
}

export type Contact =
  | { kind: "mail"; address: string; verified: boolean }
  | { kind: "phone"; number: string; country: string };

/** A person: strings of several scripts, dates, dictionaries, a discriminated union. */
export interface Profile {
  id: u32;
  name: string;
  bio: string;
  bornAt: Date;
  lastSeenAt: Date | null;
  languages: string[];
  settings: Record<string, string | number | boolean>;
  contacts: Contact[];
  avatar: Uint8Array;
}

/** A folder with what is in it: recursive. */
export interface Entry {
  name: string;
  sizeBytes: number;
  modifiedAt: Date;
  executable: boolean;
  children: Entry[];
}

export function greeting(value: Greeting): Greeting {
  return value;
}

export function order(value: Order): Order {
  return value;
}

export function telemetry(value: Telemetry): Telemetry {
  return value;
}

export function profile(value: Profile): Profile {
  return value;
}

export function tree(value: Entry): Entry {
  return value;
}
