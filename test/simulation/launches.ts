import { type Fleet, isGone } from '../../src/local/aws/fleet.ts';
import type { LocalResponse } from '../../src/local/http.ts';
import type { Parcel } from './carrier.ts';
import type { Trace } from './trace.ts';

/** A call by which DRS launched or ended something. */
export interface Launch {
  at: number;
  action: 'StartRecovery' | 'TerminateRecoveryInstances';
  jobId: string;
  /** Of a launch; as it was asked for. */
  isDrill?: boolean;
  tags: Record<string, string>;
  serverIds: string[];
  instanceIds: string[];
  /** Live instances that the caller had, or could have, seen when it looked last: launched over, or ended. */
  live: string[];
}

const SERVER = /s-[0-9a-zA-Z]{17}/g;

/** Stands at the door of DRS and writes down what begins there, and whether somebody looked before. */
export class Launches {
  readonly all: Launch[] = [];
  fleet: Fleet | undefined;
  readonly #accountIds: readonly string[];
  readonly #trace: Trace;
  readonly #now: () => number;
  /** When the machines of a source server were last looked at, by server. */
  readonly #lookedAt = new Map<string, number>();

  constructor(options: { now: () => number; trace: Trace; accountIds: readonly string[] }) {
    this.#accountIds = options.accountIds;
    this.#now = options.now;
    this.#trace = options.trace;
  }

  async watch(parcel: Parcel, deliver: (parcel: Parcel) => Promise<LocalResponse>): Promise<LocalResponse> {
    const { service, action, request } = parcel;
    if (service === 'ec2' && action === 'DescribeInstances') {
      const response = await deliver(parcel);
      const asked = decodeURIComponent(request.body.toString('utf8')).match(SERVER) ?? [];
      if (response.status === 200) for (const id of asked) this.#lookedAt.set(id, this.#now());
      return response;
    }
    if (service !== 'drs' || (action !== 'StartRecovery' && action !== 'TerminateRecoveryInstances')) {
      return await deliver(parcel);
    }
    const live = this.#liveBefore();
    const response = await deliver(parcel);
    this.#note(parcel, action, response, live);
    return response;
  }

  #note({ request }: Parcel, action: Launch['action'], response: LocalResponse, live: Map<string, LiveMachine>): void {
    const input = JSON.parse(request.body.toString('utf8')) as {
      isDrill?: boolean;
      tags?: Record<string, string>;
      sourceServers?: { sourceServerID: string }[];
      recoveryInstanceIDs?: string[];
    };
    const answer = JSON.parse(String(response.body ?? '{}') || '{}') as { job?: { jobID: string } };
    const serverIds = (input.sourceServers ?? []).map(({ sourceServerID }) => sourceServerID);
    const instanceIds = input.recoveryInstanceIDs ?? [];
    const jobId = answer.job?.jobID;
    this.#trace.note(
      'DRS',
      `${action} ${response.status} ${jobId ?? ''} ${input.isDrill ?? ''} ${[...serverIds, ...instanceIds].join(' ')}`,
    );
    if (jobId === undefined) return;
    const over = [...live.values()].filter((machine) =>
      action === 'StartRecovery'
        ? serverIds.includes(machine.serverId) && machine.wasSeen
        : instanceIds.includes(machine.instanceId),
    );
    this.all.push({
      at: this.#now(),
      action,
      jobId,
      isDrill: input.isDrill,
      tags: input.tags ?? {},
      serverIds,
      instanceIds,
      live: over.map(({ instanceId }) => instanceId),
    });
  }

  #liveBefore(): Map<string, LiveMachine> {
    const found = new Map<string, LiveMachine>();
    const { fleet } = this;
    if (fleet === undefined) return found;
    for (const accountId of this.#accountIds) {
      for (const machine of fleet.ec2Instances(accountId)) {
        const { instanceId, sourceServerId, launchedAt } = machine;
        if (isGone(machine) || fleet.recoveryInstance(instanceId)?.isDrill === true) continue;
        const lookedAt = this.#lookedAt.get(sourceServerId);
        // One that came after the last look could not be seen: DRS has no launch on a condition.
        const wasSeen = lookedAt === undefined || launchedAt < lookedAt;
        found.set(instanceId, { instanceId, serverId: sourceServerId, wasSeen });
      }
    }
    return found;
  }
}

interface LiveMachine {
  instanceId: string;
  serverId: string;
  wasSeen: boolean;
}
