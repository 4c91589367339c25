import { expect, test } from "bun:test";
import { parseContact } from "./contact.ts";
import { ContactBook, CONTACTS_MAX, knockDelayMs, REMEMBERED_MAX } from "./contact_book.ts";

function contacts(...texts: string[]) {
  return texts.map((text) => parseContact(text)!);
}

test("who is alone tries seeds and those it met, the last one met first; who is not tries seeds only", () => {
  const book = new ContactBook(["seed:1"], ["a:1/2", "b:1/2"]);
  book.meet(contacts("c:1/2"));
  expect(book.contacts(true)).toEqual(contacts("seed:1", "c:1/2", "b:1/2", "a:1/2"));
  expect(book.contacts(false)).toEqual(contacts("seed:1"));
});

test("meeting somebody new is news, meeting the same is not, and who failed stays remembered", () => {
  const book = new ContactBook([], []);
  expect(book.meet(contacts("a:1", "b:1"))).toBe(true);
  expect(book.meet(contacts("b:1", "a:1"))).toBe(false);
  expect(book.meet(contacts("b:1"))).toBe(false);
  expect(book.remembered().sort()).toEqual(["a:1", "b:1"]);
});

test("what is no contact is passed over, and both lists are bounded", () => {
  const many = Array.from({ length: 200 }, (_, index) => `n${index}:1`);
  const book = new ContactBook(["", "nothing", ...many], [...many, "x"]);
  expect(book.contacts(true)).toHaveLength(CONTACTS_MAX);
  book.meet(contacts(...many));
  expect(book.remembered()).toHaveLength(REMEMBERED_MAX);
  expect(book.remembered()[0]).toBe("n199:1");
});

test("who is alone knocks after half a second, then less often, at least every 33 seconds; who is not every minute", () => {
  expect([1, 2, 3, 4].map((tries) => knockDelayMs(tries, true, 0.5))).toEqual([500, 1000, 2000, 4000]);
  expect(knockDelayMs(1_000_000, true, 0.999)).toBeLessThan(33_001);
  expect(knockDelayMs(1, false, 0.5)).toBe(60_000);
});
