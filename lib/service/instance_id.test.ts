import { expect, test } from "bun:test";
import { CellError } from "../base/mod.ts";
import { formatInstanceId, INSTANCE_NUMBER_MAX, parseInstanceId } from "./instance_id.ts";

test("an instance is named by its service and its number, and the name is read back", () => {
  for (const number of [undefined, 1, 2, 10, INSTANCE_NUMBER_MAX]) {
    expect(parseInstanceId(formatInstanceId({ service: "my-shop", number }))).toEqual({ service: "my-shop", number });
  }
  expect(formatInstanceId({ service: "hello", number: 2 })).toBe("hello@2");
  expect(formatInstanceId({ service: "hello", number: undefined })).toBe("hello");
});

test("what is no instance's name is read as none", () => {
  const texts = ["", "@1", "hello@", "hello@0", "hello@01", "hello@-1", "hello@1.5", "hello@10000", "hello@1@2"];
  for (const text of [...texts, "Hello@1", "hello@1 ", "hello@x", "a b", "../hello@1"]) {
    expect(parseInstanceId(text), text).toBeUndefined();
  }
});

test("a number out of bounds is refused with the bounds", () => {
  for (const number of [0, -1, 1.5, Number.NaN, Infinity, INSTANCE_NUMBER_MAX + 1]) {
    expect(() => formatInstanceId({ service: "hello", number })).toThrow(CellError);
  }
  expect(() => formatInstanceId({ service: "hello", number: 0 })).toThrow("from 1 to 9999, found 0");
  expect(() => formatInstanceId({ service: "No Name", number: 1 })).toThrow("is not a valid name");
});
