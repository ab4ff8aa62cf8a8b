import { type Fleet, isGone } from '../../src/local/aws/fleet.ts';
import type { Identities } from '../../src/local/aws/identities.ts';
import { signedRegion } from '../../src/local/aws/signed-region.ts';
import type { LocalResponse } from '../../src/local/http.ts';
import type { Parcel } from './carrier.ts';
import type { Trace } from './trace.ts';

/** A call by which servers go back to where they came from, as it was asked for, with what was so at that moment. */
export interface Return {
  at: number;
  action: 'StartFailbackLaunch' | 'ReverseReplication' | 'StartRecovery';
  accountId: string;
  region: string;
  tags: Record<string, string>;
  /** False when DRS has refused it. */
  isTaken: boolean;
  jobId?: string;
  isDrill?: boolean;
  /** Recovery instances; of a launch at the origin the source servers there. */
  ids: string[];
  /** Of these, what must not be asked for, in words; only what had been so when its caller looked last. */
  wrong: string[];
}

interface Asked {
  recoveryInstanceID?: string;
  recoveryInstanceIDs?: string[];
  sourceServers?: { sourceServerID: string }[];
  isDrill?: boolean;
  tags?: Record<string, string>;
  filters?: { recoveryInstanceIDs?: string[]; sourceServerIDs?: string[] };
}

/** Copies of which something is still to come. */
const COPYING: readonly string[] = ['INITIATING', 'INITIAL_SYNC', 'BACKLOG', 'CREATING_SNAPSHOT', 'RESCAN'];

/** Stands at the door of DRS and writes down what goes back, and whether it should have. */
export class Returns {
  readonly all: Return[] = [];
  fleet: Fleet | undefined;
  identities: Identities | undefined;
  readonly #trace: Trace;
  readonly #now: () => number;
  /** When an instance or source server was last looked at, by who looked and its id. */
  readonly #lookedAt = new Map<string, number>();
  /** When the replication of an instance was reversed. */
  readonly #reversedAt = new Map<string, number>();

  constructor(options: { now: () => number; trace: Trace }) {
    this.#now = options.now;
    this.#trace = options.trace;
  }

  async watch(parcel: Parcel, deliver: (parcel: Parcel) => Promise<LocalResponse>): Promise<LocalResponse> {
    const { fleet, identities } = this;
    if (parcel.service !== 'drs' || fleet === undefined || identities === undefined) return await deliver(parcel);
    const { authorization } = parcel.request.headers;
    const region = signedRegion(authorization) ?? fleet.region;
    const { action } = parcel;
    if (action === 'DescribeRecoveryInstances' || action === 'DescribeSourceServers') {
      const response = await deliver(parcel);
      if (response.status === 200) this.#look(parcel);
      return response;
    }
    const isReturn =
      action === 'StartFailbackLaunch' ||
      action === 'ReverseReplication' ||
      (action === 'StartRecovery' && region !== fleet.region);
    if (!isReturn) return await deliver(parcel);
    const asked = askedOf(parcel);
    const instances =
      asked.recoveryInstanceIDs ?? (asked.recoveryInstanceID === undefined ? [] : [asked.recoveryInstanceID]);
    const servers = (asked.sourceServers ?? []).map(({ sourceServerID }) => sourceServerID);
    const wrong = [
      ...instances.flatMap((id) => this.#wrongWithInstance(fleet, id, parcel)),
      ...servers.flatMap((id) => this.#wrongWithServer(fleet, id, { parcel, region })),
    ];
    const response = await deliver(parcel);
    const isTaken = response.status < 300;
    if (isTaken && action === 'ReverseReplication') for (const id of instances) this.#reversedAt.set(id, this.#now());
    const { job } = JSON.parse(String(response.body ?? '{}') || '{}') as { job?: { jobID: string } };
    const ids = [...instances, ...servers];
    this.#trace.note('DRS', `${action} ${response.status} ${region} ${job?.jobID ?? ''} ${ids.join(' ')}`);
    this.all.push({
      at: this.#now(),
      action,
      accountId: identities.signer(authorization)?.accountId ?? '',
      region,
      tags: asked.tags ?? {},
      isTaken,
      jobId: job?.jobID,
      isDrill: asked.isDrill,
      ids,
      wrong,
    });
    return response;
  }

  #look(parcel: Parcel): void {
    const { filters } = askedOf(parcel);
    for (const id of [...(filters?.recoveryInstanceIDs ?? []), ...(filters?.sourceServerIDs ?? [])]) {
      this.#lookedAt.set(lookOf(parcel, id), this.#now());
    }
  }

  /** True for what was so already when whoever asks now looked at it last, or when they never did. */
  #couldBeSeen(parcel: Parcel, id: string, since: number): boolean {
    const lookedAt = this.#lookedAt.get(lookOf(parcel, id));
    return lookedAt === undefined || since < lookedAt;
  }

  #wrongWithInstance(fleet: Fleet, id: string, parcel: Parcel): string[] {
    const record = fleet.recoveryInstance(id);
    const machine = fleet.ec2Instance(id);
    const found: string[] = [];
    if (record?.isDrill === true) found.push(`${id} is a drill's`);
    const isThere = machine !== undefined && !isGone(machine);
    // A reversal of one that is gone is DRS's to refuse: nothing begins.
    const begins = parcel.action === 'StartFailbackLaunch';
    if (begins && !isThere && this.#couldBeSeen(parcel, id, machine?.terminatedAt ?? 0)) {
      found.push(`${id} is gone`);
    }
    const reversedAt = this.#reversedAt.get(id);
    if (
      parcel.action === 'ReverseReplication' &&
      reversedAt !== undefined &&
      this.#couldBeSeen(parcel, id, reversedAt)
    ) {
      found.push(`the replication of ${id} is reversed already`);
    }
    return found;
  }

  #wrongWithServer(fleet: Fleet, id: string, { parcel, region }: { parcel: Parcel; region: string }): string[] {
    const server = fleet.sourceServer(id);
    if (server === undefined) return [`${id} does not exist`];
    const { replication, accountId } = server;
    const found: string[] = [];
    if (server.direction !== 'FAILBACK') found.push(`${id} is no copy of a recovery instance`);
    if (COPYING.includes(replication.state) && this.#couldBeSeen(parcel, id, replication.since)) {
      found.push(`the copy ${id} is ${replication.state}`);
    }
    for (const machine of fleet.ec2Instances(accountId, region)) {
      if (machine.sourceServerId !== id || isGone(machine)) continue;
      if (this.#couldBeSeen(parcel, id, machine.launchedAt))
        found.push(`${machine.instanceId} of ${id} runs at the origin`);
    }
    return found;
  }
}

/** Functions look for themselves; of the machines each account's executor does. */
function lookOf({ by }: Parcel, id: string): string {
  return `${by ?? 'machines'} ${id}`;
}

function askedOf({ request }: Parcel): Asked {
  return JSON.parse(request.body.toString('utf8') || '{}') as Asked;
}
