/**
 * A catalogue of every type that can cross the wire. Nearly every function gives back what it was given, so that each
 * can be tried from a shell:
 *
 *     cell run examples/types.ts
 *     cell describe types
 *     cell call types direction value=north
 *
 * @module
 */
import { method } from "cell";
import type { f32, i16, i32, i64, i8, u16, u32, u64, u8 } from "cell";

// ---- Single values ----

/** Text: any string without lone surrogates. */
export const text = (value: string) => value;

/** A number as JavaScript has it, -0, NaN and Infinity included. */
export const amount = (value: number) => value;

export const flag = (value: boolean) => value;

/** A bigint of 64 bits, signed or unsigned. */
export const huge = (value: bigint) => value;

export const nothing = (value: null) => value;

/** Takes a value or none; `undefined` and leaving it out are the same. */
export const maybe = (value?: string) => value;

/** Anything that MessagePack can carry. Whoever receives it has to look what it is. */
export const anything = (value: unknown) => value;

export const bytes = (value: Uint8Array) => value;

/** A point in time, to the millisecond. */
export const moment = (value: Date) => value;

/** The integer types of "cell" are checked for their range and take as few bytes as they can. */
interface Integers {
  tiny: i8;
  byte: u8;
  short: i16;
  port: u16;
  int: i32;
  count: u32;
  signed: i64;
  unsigned: u64;
  /** Single precision: what comes back is the nearest number that has 32 bits. */
  single: f32;
}

export const integers = (value: Integers) => value;

// ---- Literals and enums ----

type Direction = "north" | "east" | "south" | "west";

/** One of several words. */
export const direction = (value: Direction) => value;

/** Literals of several kinds in one type. */
export const setting = (value: "auto" | 0 | 1 | 2.5 | true) => value;

export const answer = (value: 42n | -1n) => value;

/** A numeric enum travels as its number. */
enum Level {
  Low,
  Middle = 5,
  High,
}

export const level = (value: Level) => value;

/** A string enum travels as its string. */
enum Color {
  Red = "red",
  Green = "green",
}

export const color = (value: Color | null) => value;

/** A template literal type is a string with a pattern. */
export const room = (value: `room-${bigint}` | `${Direction}-wing`) => value;

// ---- Collections ----

export const list = (value: string[]) => value;

/** Nested and read-only arrays are arrays. */
export const matrix = (value: readonly (readonly number[])[]) => value;

/** Tuples may have labels, optional elements and a rest. */
export const tuple = (value: [x: number, y: number, label?: string, ...tags: boolean[]]) => value;

export const set = (value: ReadonlySet<string>) => value;

/** The keys of a map may be numbers, bigints and booleans too. */
export const map = (value: Map<number, Date>) => value;

/** Names that are only known when the program runs. */
export const dictionary = (value: Record<string, u32>) => value;

/** Some names that are known, and others that are not. */
interface Attributes {
  id: string;
  [name: string]: string;
}

export const attributes = (value: Attributes) => value;

/** Sums up every number in a map of sets: its result type is inferred. */
export function totals(values: Map<string, Set<number>>) {
  const sums = new Map<string, number>();
  for (const [name, numbers] of values) sums.set(name, numbers.values().reduce((sum, number) => sum + number, 0));
  return sums;
}

// ---- Objects ----

/** A postal address. */
export interface Address {
  street: string;
  /** Missing where it is not known. */
  city?: string;
  /** Null where there is none. */
  country: string | null;
}

/** Somebody. */
export interface Person {
  name: string;
  born: Date;
  addresses: Address[];
  /** An object without a name of its own. */
  contact?: { email: string; phones: string[] };
}

export const person = (value: Person) => value;

/** A class used as data: its public properties are sent, its methods stay at home. */
class Point {
  constructor(readonly x: number, readonly y: number) {}

  distance(): number {
    return Math.hypot(this.x, this.y);
  }
}

export const mirror = ({ x, y }: Point) => new Point(-x, -y);

/** What every stored thing has. */
interface Stored {
  id: u32;
  createdAt: Date;
}

/** An intersection is one object with the properties of both. */
export const stored = (value: Address & Stored) => value;

/** Mapped types are sent as what they come to. */
export const changes = (value: Partial<Pick<Person, "name" | "born">>) => value;

type Nullable<T> = { [Key in keyof T]: T[Key] | null };

export const nullable = (value: Nullable<Stored>) => value;

type ElementOf<T> = T extends readonly (infer Element)[] ? Element : T;

/** Conditional types too. */
export const element = (value: ElementOf<Person["addresses"]>) => value;

/** One page of many. */
interface Page<Item> {
  items: Item[];
  next?: string;
}

/** A generic type, with its parameters filled in. */
export const page = (value: Page<Address>) => value;

// ---- Unions ----

type Shape =
  | { kind: "circle"; radius: number }
  | { kind: "rectangle"; width: number; height: number }
  | { kind: "polygon"; corners: Point[] };

/** Objects are told apart by a property that has another literal in each. */
export const shape = (value: Shape) => value;

/** Whatever begins differently on the wire can be told apart without one. */
export const either = (value: string | number | boolean | Date | Uint8Array | string[] | Address | null) => value;

type Result<Value, Failure = string> = { ok: true; value: Value } | { ok: false; error: Failure };

/** A generic union. */
export const result = (value: Result<Person>) => value;

// ---- Recursion ----

/** A tree of any depth. */
interface Tree {
  label: string;
  children: Tree[];
}

export const tree = (value: Tree) => value;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Everything that JSON can say. */
export const json = (value: Json) => value;

/** Two types that refer to each other. */
interface Folder {
  name: string;
  files: Document[];
}

interface Document {
  name: string;
  shortcuts?: Folder[];
}

export const folder = (value: Folder) => value;

// ---- Constraints ----

/** @minLength 3 @maxLength 20 @pattern ^[a-z][a-z0-9-]*$ */
type Slug = string;

/** What comments demand is checked on both sides of every call. */
interface Order {
  /** An alias carries its constraints to wherever it is used. */
  slug: Slug;
  /** @minimum 1 @maximum 99 */
  quantity: u8;
  /** @minimum 0 */
  price: number;
  /** @minItems 1 @maxItems 5 */
  tags: string[];
  /** @maxLength 64 */
  signature?: Uint8Array;
}

export const order = (value: Order) => value;

type AccountId = string & { readonly __brand: "AccountId" };

/** A branded string is a string. */
export const account = (value: AccountId) => value;

// ---- Signatures ----

/**
 * Several parameters: by position, with a default, and any number at the end.
 * @param unit what is counted
 * @param scale 1 unless it is given
 * @param values what is summed up
 */
export const sum = (unit: string, scale = 1, ...values: number[]) => ({
  unit,
  total: values.reduce((total, value) => total + value, 0) * scale,
});

/** Gives nothing back. */
export async function forget(_value: string): Promise<void> {}

/** A promise of a value is a value. */
export async function later(value: Person): Promise<Person> {
  return await Promise.resolve(value);
}

/** What types cannot say: a call that may be made again, and how long it may take. */
export const lookup = method({ idempotent: true, timeoutMs: 5_000 }, (id: AccountId) => ({ id, found: true }));

// ---- Streams ----

/** A server stream. */
export async function* countdown(from: u8): AsyncGenerator<u8> {
  for (let left = from; left > 0; left--) yield left;
}

/** A synchronous generator streams as well. */
export function* letters(word: string): Generator<string> {
  yield* word;
}

/** A stream of the web platform. */
export const chunks = (value: Uint8Array, chunkBytes: u16): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (let start = 0; start < value.length; start += Math.max(1, chunkBytes)) {
        controller.enqueue(value.slice(start, start + Math.max(1, chunkBytes)));
      }
      controller.close();
    },
  });

/** A client stream. */
export async function gather(values: AsyncIterable<Shape>): Promise<Shape[]> {
  const gathered: Shape[] = [];
  for await (const value of values) gathered.push(value);
  return gathered;
}

/** Streams in both directions: every item comes back as soon as it has arrived. */
export async function* echo(values: AsyncIterable<Person>): AsyncGenerator<Person> {
  yield* values;
}
