import { expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { Lan, whyNoLan } from "./mod.ts";

setDefaultTimeout(120_000);

const why = whyNoLan();

test.skipIf(why !== undefined)(
  `hosts have an Ethernet of their own, and nothing of it is left (${why ?? "root"})`,
  () => {
    const before = namespaces();
    {
      using lan = new Lan(2);
      expect(lan.hosts.map(({ address }) => address)).toEqual(["10.42.0.1", "10.42.0.2"]);
      const [ip, ...prefix] = lan.hosts[0]!.command.slice(0, 4);
      expect(execFileSync(ip!, [...prefix, "ip", "-br", "addr"], { encoding: "utf8" })).toContain("10.42.0.1/24");
      lan.readdress(0, "10.42.0.9");
      expect(execFileSync(ip!, [...prefix, "ip", "-br", "addr"], { encoding: "utf8" })).toContain("10.42.0.9/24");
    }
    expect(namespaces()).toEqual(before);
  },
);

function namespaces(): string[] {
  // Others may be at work on this machine too.
  const ours = `celltest-${process.pid}-`;
  return execFileSync("ip", ["netns", "list"], { encoding: "utf8" }).split("\n").filter((name) => name.startsWith(ours))
    .sort();
}
