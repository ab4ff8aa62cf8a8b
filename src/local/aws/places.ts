import type { Ec2Instance, RecoveryInstance, SourceServer } from './fleet.ts';
import type { Subnet } from './launch-settings.ts';

/** What an account has in one Region, indexed by everything that it is asked by. */
export class Place {
  readonly accountId: string;
  readonly region: string;
  /** First two numbers of the addresses of its machines, e.g. `10.100`. */
  readonly network: string;
  readonly servers = new Map<string, SourceServer>();
  readonly recoveryInstances = new Map<string, RecoveryInstance>();
  readonly ec2Instances = new Map<string, Ec2Instance>();
  readonly subnets = new Map<string, Subnet>();
  /** Source servers by their launch templates. */
  readonly templates = new Map<string, SourceServer>();
  readonly recordsOfServer = new Map<string, Set<RecoveryInstance>>();
  readonly machinesOfServer = new Map<string, Set<Ec2Instance>>();
  /** Terminated machines that have not been forgotten, in the order in which they ended. */
  readonly terminated: Ec2Instance[] = [];
  /** How often each source server was launched, by its id. */
  readonly launches = new Map<string, number>();
  /** Addresses given so far. */
  addresses = 0;

  constructor(accountId: string, region: string, position: number) {
    this.accountId = accountId;
    this.region = region;
    this.network = `10.${100 + (position % 150)}`;
  }

  /** The subnet that its machines are launched in when their launch templates name none. */
  get defaultSubnet(): Subnet {
    const [first] = this.subnets.values();
    if (first === undefined) throw new RangeError(`account ${this.accountId} has no subnet in ${this.region}`);
    return first;
  }
}

/** All accounts and Regions in which DRS has been set up. */
export class Places {
  readonly #byKey = new Map<string, Place>();
  readonly #byAccount = new Map<string, Place[]>();

  get(accountId: string, region: string): Place | undefined {
    return this.#byKey.get(`${accountId}/${region}`);
  }

  add(accountId: string, region: string): Place {
    const place = new Place(accountId, region, this.#byKey.size);
    this.#byKey.set(`${accountId}/${region}`, place);
    this.#byAccount.set(accountId, [...(this.#byAccount.get(accountId) ?? []), place]);
    return place;
  }

  all(): Place[] {
    return [...this.#byKey.values()];
  }

  /** The first thing that `get` finds in an account: in the given Region, or in any. */
  find<Item>(accountId: string, region: string | undefined, get: (place: Place) => Item | undefined): Item | undefined {
    for (const place of this.#byAccount.get(accountId) ?? []) {
      const found = region === undefined || place.region === region ? get(place) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
