import { seededRandom } from "../../base/mod.ts";
import { type NodeIdentity, RevocationSet } from "../../net/identity/mod.ts";
import { Exchanger } from "../exchanger.ts";
import { type GossipOptions, validateGossip } from "../gossip_options.ts";
import { GossipState } from "../gossip_state.ts";

/** A state with a clock that the test turns, whose packets the test carries. */
export class Stage {
  nowMs = Date.now();
  readonly sent: { to: string; packet: Uint8Array }[] = [];
  readonly exchanges: string[] = [];
  readonly state: GossipState;
  readonly address: string;

  constructor(identity: NodeIdentity, authorityKey: Uint8Array, port: number, options: Partial<GossipOptions> = {}) {
    this.address = `127.0.0.1:${port}`;
    const clock = () => this.nowMs;
    const valid = validateGossip({
      identity,
      facts: {
        addresses: ["127.0.0.1"],
        nodePort: port,
        tlsPort: port,
        region: "",
        zone: "",
        version: "",
        startedAtMs: 1,
        isAuthority: false,
      },
      streams: { exchange: () => Promise.reject(new Error("none")), probe: () => Promise.reject(new Error("none")) },
      events: { log: () => {} },
      revocations: new RevocationSet(authorityKey),
      clocks: { wallMs: clock, steadyMs: clock },
      random: seededRandom(port),
      ...options,
    });
    this.state = new GossipState(valid, port, {
      send: (to, packet) => this.sent.push({ to, packet }),
      exchange: ({ node }) => this.exchanges.push(node ?? ""),
      probe: () => {},
      onChanged: () => {},
    });
  }

  advance(byMs: number): void {
    this.nowMs += byMs;
    this.state.tick();
  }
}

/** Makes an exchange between two. */
export function meet(one: Stage, other: Stage): void {
  const [asking, answering] = [new Exchanger(one.state, 0), new Exchanger(other.state, 0)];
  for (let request: Uint8Array | undefined = asking.begin(); request !== undefined;) {
    request = asking.finish(answering.answer(request, one.state.self, 0));
  }
}

/** Carries what one sends to the other, for so long. */
export function converse(one: Stage, other: Stage, forMs: number): void {
  for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
    for (const stage of [one, other]) stage.advance(50);
    for (const [from, to] of [[one, other], [other, one]] as const) {
      for (const { packet } of from.sent.splice(0)) to.state.receive(from.state.self, from.address, packet);
    }
  }
}
