import {
  type AdoptedIdentity,
  adoptIdentity,
  createNodeRequest,
  initIdentity,
  loadIdentity,
  type StoredIdentity,
} from "../../net/identity/mod.ts";

/** Who this node is, read once and made at the first need: making it takes some 50 ms. */
export class OwnIdentity {
  #stored: Promise<StoredIdentity> | undefined;

  /** `keys` is the folder of keys; a new node is called `name`. */
  constructor(private readonly keys: string, private readonly name: string) {}

  /** Throws as `loadIdentity` and `initIdentity`. */
  get(): Promise<StoredIdentity> {
    return this.#stored ??= this.#find().catch((error: unknown) => {
      this.#stored = undefined;
      throw error;
    });
  }

  /** Throws as `adoptIdentity`; then it is who it was. */
  adopt(adopted: AdoptedIdentity): StoredIdentity {
    const stored = adoptIdentity(this.keys, adopted);
    this.#stored = Promise.resolve(stored);
    return stored;
  }

  /** The same node under the name that it is to have now; only the holder of the authority's key can say so. */
  async rename(): Promise<StoredIdentity> {
    const stored = await this.get();
    const { node: { key, authorityPem, name }, authority } = stored;
    if (authority === undefined || name === this.name) return stored;
    const { certificatePem } = await authority.issueNode(createNodeRequest(key, this.name), Date.now());
    return this.adopt({ key, certificatePem, authorityPem });
  }

  async #find(): Promise<StoredIdentity> {
    return loadIdentity(this.keys) ?? await initIdentity(this.keys, this.name, Date.now());
  }
}
