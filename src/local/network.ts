/** What a host of the simulated network answers. */
interface Host {
  address: string;
  /** Of HTTP requests, whatever their path. */
  status: number;
  /** False: no port is open, nothing answers. */
  isUp: boolean;
}

/** Names that practice mode knows: those of examples (RFC 2606), and of a company's own. */
const KNOWN = /(^|\.)(example\.(com|org|net)|internal)$/;

/**
 * The network that recovered machines answer in: each known name has an address of its own and answers 200, on every port,
 * until it is told otherwise.
 */
export class LocalNetwork {
  readonly #hosts = new Map<string, Host>();

  /** From now on the host answers like this. Other than by {@link KNOWN}, it is known from now on, too. */
  setHost(name: string, changes: Partial<Host>): void {
    this.#hosts.set(name, { ...this.#host(name), ...changes });
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    let hash = 0;
    for (const character of name) hash = (hash * 31 + character.charCodeAt(0)) % 65_025;
    return { address: `10.60.${Math.floor(hash / 255)}.${1 + (hash % 255)}`, status: 200, isUp: true };
  }

  #at(address: string): Host {
    const host = [...this.#hosts.values()].find((one) => one.address === address);
    if (host?.isUp === true) return host;
    throw Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
  }

  async lookup(name: string): Promise<string[]> {
    if (/^[\d.]+$/.test(name) || name.includes(':')) return [name];
    if (!this.#hosts.has(name) && !KNOWN.test(name)) {
      throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
    }
    const host = this.#host(name);
    this.#hosts.set(name, host);
    return [host.address];
  }

  async request(_url: URL, address: string): Promise<number> {
    return this.#at(address).status;
  }

  async connect(address: string): Promise<void> {
    this.#at(address);
  }
}
