import { expect, test } from "bun:test";
import { withPlace } from "./with_place.ts";

test("a place is written where it stood commented out, and nothing else changes", () => {
  const text =
    '# mine\n[node] # me\nid = "a"\n\n# where\n# region = "default"\n#zone="x"\n[network]\n# region = "no"\n';
  expect(withPlace(text, "region", "eu")).toBe(text.replace('# region = "default"', 'region = "eu"'));
  expect(withPlace(text, "zone", "rack-1")).toBe(text.replace('#zone="x"', 'zone = "rack-1"'));
});

test("a place of which nothing stood there comes first in [node]; without [node] nothing is written", () => {
  expect(withPlace('[network]\n[ node ]\nid = "a"', "zone", "b")).toBe('[network]\n[ node ]\nzone = "b"\nid = "a"');
  expect(withPlace('node = { id = "a" }\n', "zone", "b")).toBe('node = { id = "a" }\n');
});
