import type { Entry, Greeting, Order, Profile, Telemetry } from "../services/payloads.ts";

/** Samples of the telemetry payload: a minute at about 4 Hz. */
const SAMPLES = 256;
/** Children of each folder, and how deep the folders go: 1 + 6 + 36 + 216 entries. */
const TREE_WIDTH = 6;
const TREE_DEPTH = 3;

const STARTED_AT = Date.UTC(2026, 2, 14, 9, 26, 53, 589);

const greeting: Greeting = { name: "World" };

const order: Order = {
  id: "ord_01HV8Z6Q4T3N9M2K7B5C",
  customer: { id: 48_213, email: "ada.lovelace@example.com", vip: true },
  status: "paid",
  createdAt: new Date(STARTED_AT),
  shipTo: { street: "Rue de la Paix 12", city: "Paris", zip: "75002", country: "FR" },
  billTo: { street: "Unter den Linden 77", city: "Berlin", zip: "10117", country: "DE" },
  items: [
    { sku: "KBD-0042", title: "Mechanical keyboard, 87 keys", quantity: 1, price: 129.9 },
    { sku: "CBL-1107", title: "USB-C cable, 2 m", quantity: 3, price: 9.95, discount: 0.1 },
    { sku: "MON-2715", title: "Monitor, 27 inches", quantity: 2, price: 349 },
    { sku: "ARM-0301", title: "Monitor arm, dual", quantity: 1, price: 89.5 },
    { sku: "PAD-0007", title: "Desk pad, felt, grey", quantity: 1, price: 24.99, discount: 0.25 },
  ],
  notes: "Leave with the neighbour if nobody is at home.",
};

const telemetry: Telemetry = {
  sensor: "plant-3/line-2/motor-17",
  startedAt: new Date(STARTED_AT),
  intervalMs: 250,
  celsius: Array.from({ length: SAMPLES }, (_, index) => 61.2 + Math.sin(index / 9) * 3.7),
  vibration: Array.from({ length: SAMPLES }, (_, index) => Math.fround(Math.cos(index / 3) * 0.81)),
  quality: Array.from({ length: SAMPLES }, (_, index) => (index % 17 === 0 ? 192 : 255)),
};

const profile: Profile = {
  id: 1_048_612,
  name: "Łucja Müller-Нови́цкая 山田",
  bio: "Mathématicienne, épéiste — и немного поэт. 東京とクラクフの間で暮らしています。 Writes compilers by day 🦑",
  bornAt: new Date(Date.UTC(1988, 6, 2)),
  lastSeenAt: new Date(STARTED_AT),
  languages: ["pl", "de", "ru", "ja", "en"],
  settings: { theme: "dark", pageSize: 50, newsletter: false, timeZone: "Europe/Warsaw", zoom: 1.25, beta: true },
  contacts: [
    { kind: "mail", address: "lucja@example.org", verified: true },
    { kind: "phone", number: "+48 22 555 01 02", country: "PL" },
    { kind: "mail", address: "l.mueller@example.com", verified: false },
  ],
  avatar: Uint8Array.from({ length: 512 }, (_, index) => (index * 31) & 255),
};

function folder(name: string, depth: number): Entry {
  const isFile = depth === 0;
  return {
    name,
    sizeBytes: isFile ? 1_000 + name.length * 7_919 : 4_096,
    modifiedAt: new Date(STARTED_AT + depth * 86_400_000),
    executable: isFile && name.endsWith("3"),
    children: isFile ? [] : Array.from({ length: TREE_WIDTH }, (_, index) => folder(`${name}-${index}`, depth - 1)),
  };
}

/** The value for each method of services/payloads.ts. */
export const PAYLOADS = { greeting, order, telemetry, profile, tree: folder("src", TREE_DEPTH) };

export type PayloadName = keyof typeof PAYLOADS;
