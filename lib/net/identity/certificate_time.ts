import { type DerReader, malformed, Tag } from "./der.ts";

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
/** Two digits from here on mean the twentieth century (RFC 5280, section 4.1.2.5.1). */
const CENTURY_PIVOT = 50;

/** Takes a time of a certificate, in milliseconds since 1970. Throws INVALID_ARGUMENT for what is none. */
export function readTime(reader: DerReader): number {
  const isShort = reader.hasNext(Tag.UTC_TIME);
  const bytes = reader.take(isShort ? Tag.UTC_TIME : Tag.GENERALIZED_TIME, "a time");
  const text = Buffer.from(bytes).toString("latin1");
  const fields = (isShort ? UTC_TIME : GENERALIZED_TIME).exec(text)?.slice(1).map(Number);
  if (fields === undefined) throw malformed("a time is in no known form");
  const [yearDigits = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const year = isShort ? yearDigits + (yearDigits < CENTURY_PIVOT ? 2000 : 1900) : yearDigits;
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC makes the 1st of May of the 31st of April.
  if (new Date(timeMs).toISOString().replace(/\D/g, "").slice(0, 14) !== digits(year, fields)) {
    throw malformed("a time is none of the calendar");
  }
  return timeMs;
}

function digits(year: number, [, ...rest]: number[]): string {
  return String(year).padStart(4, "0") + rest.map((field) => String(field).padStart(2, "0")).join("");
}
