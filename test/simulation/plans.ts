import { type ProtectionGroup, protectionGroupSchema } from '../../src/domain/protection-group.ts';
import {
  type PlanSet,
  type PlanWave,
  type RecoveryPlan,
  recoveryPlanSchema,
  type WaveAction,
} from '../../src/domain/recovery-plan.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import type { Inventory, InventoryServer } from '../../src/local/inventory.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Aim } from './faults.ts';

/** One content of the recovery plan of HRP, with all that it names. Its number is in every action of it. */
export interface Edition {
  number: number;
  set: PlanSet;
}

/** How a run changes its plan while it goes on. */
export interface PlanChange {
  /** Milliseconds since the start. */
  at: number;
  /** By a form in Slack, as people do, or at once, as `npm run plans -- import` does. */
  by: 'form' | 'terminal';
  /** Undefined: the plan is deleted. */
  edition: Edition | undefined;
}

/** The plans of a run. */
export interface DrawnPlans {
  /** Stored from the start. */
  first: Edition;
  changes: PlanChange[];
  /** Automations that fail, by document, so many times. */
  failing: { documentName: string; times: number }[];
  /** Hosts that answer nothing, until so many milliseconds have passed, or never. */
  downHosts: { host: string; until: number | undefined }[];
  /** What goes wrong with what starts an action, besides what goes wrong anyway. */
  aims: Aim[];
}

/** The documents of practice mode that an action here may start, each with its parameters besides the marker. */
const DOCUMENTS = ['HRP-FenceOldSite', 'HRP-SwitchDNS'] as const;
const HOSTS = ['portal.example.com', 'login.example.com'] as const;
const WAVE_NAMES = ['Alpha', 'Beta', 'Gamma', 'Delta'] as const;
/** In this time plans change: between a request and its approval, and between waves. */
const CHANGES_WITHIN_MS = 900_000;

/** A recovery plan of HRP in a quarter of the runs; undefined in the others. */
export function drawPlans(seed: number, inventory: Inventory): DrawnPlans | undefined {
  const chance = chanceOf(seed, 'plans');
  if (!chance.happens(0.25)) return undefined;
  const servers = inventory.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP');
  let number = 0;
  const edition = (): Edition => {
    number += 1;
    return { number, set: drawSet(chance, number, servers) };
  };
  const first = edition();
  const changes = chance.happens(0.6)
    ? Array.from(
        { length: chance.integer(1, 3) },
        (): PlanChange => ({
          at: chance.integer(0, CHANGES_WITHIN_MS),
          by: chance.pick(['form', 'terminal']),
          edition: chance.happens(0.25) ? undefined : edition(),
        }),
      )
    : [];
  return {
    first,
    changes: changes.sort((one, other) => one.at - other.at),
    failing: DOCUMENTS.filter(() => chance.happens(0.35)).map((documentName) => ({
      documentName,
      times: chance.pick([1, 1, 2, 50]),
    })),
    downHosts: HOSTS.filter(() => chance.happens(0.5)).map((host) => ({
      host,
      until: chance.happens(0.6) ? chance.integer(60_000, 1_800_000) : undefined,
    })),
    aims: chance.happens(0.4)
      ? [
          {
            call: chance.pick(['ssm:StartAutomationExecution', 'ssm:StartAutomationExecution', 'ssm:SendCommand']),
            fault: chance.pick(['crash', 'lost answer', 'lost answer', 'lost request', 'throttle']),
            times: chance.integer(1, 3),
          },
        ]
      : [],
  };
}

/** Waves of at least one server each, in the order in which they are to run. */
function drawSet(chance: Chance, edition: number, servers: readonly InventoryServer[]): PlanSet {
  const count = Math.min(servers.length, chance.integer(2, 4));
  const names = WAVE_NAMES.slice(0, count);
  const groups = names.map((name, at) => drawGroup(`hrp-${name.toLowerCase()}`, servers, at, count));
  // Numbers that are not the order in which waves wait for each other.
  const numbers = chance.happens(0.25) ? names.map((_, at) => count - at) : names.map((_, at) => at + 1);
  const waves = names.map((waveName, at) =>
    drawWave(chance, { edition, waveName, number: numbers[at] ?? 1, after: at === 0 ? [] : [numbers[at - 1] ?? 1] }),
  );
  const inner = chance.happens(0.2) ? chance.integer(0, count - 1) : undefined;
  const plans: RecoveryPlan[] = [];
  if (inner !== undefined) {
    const outer = waves[inner];
    const below = recoveryPlanSchema.parse({
      planId: 'hrp-below',
      planName: 'HRP below',
      description: `edition ${edition}`,
      waves: [drawWave(chance, { edition, waveName: 'Inner', number: 1, after: [], groupOf: outer?.waveName })],
    });
    plans.push(below);
    if (outer !== undefined) Object.assign(outer, { protectionGroupIds: [], recoveryPlanId: 'hrp-below' });
  }
  plans.unshift(
    recoveryPlanSchema.parse({
      planId: 'hrp',
      planName: 'HRP full',
      description: `edition ${edition}`,
      application: 'HRP',
      ...(chance.happens(0.3) ? { rtoTargetMinutes: 240 } : {}),
      ...(chance.happens(0.15) ? { cleanUpAfterHours: 1 } : {}),
      waves,
    }),
  );
  return { plans, groups };
}

/** Every `count`th server, from the one at `at`. */
function drawGroup(groupId: string, servers: readonly InventoryServer[], at: number, count: number): ProtectionGroup {
  const serverIds = servers.filter((_, index) => index % count === at).map(({ sourceServerId }) => sourceServerId);
  return protectionGroupSchema.parse({ groupId, groupName: groupId, region: REGION, serverIds });
}

interface WaveGiven {
  edition: number;
  waveName: string;
  number: number;
  after: number[];
  /** The wave whose group it has. @default its own */
  groupOf?: string | undefined;
}

function drawWave(chance: Chance, { edition, waveName, number, after, groupOf }: WaveGiven): PlanWave {
  const actions = (phase: 'pre' | 'post') =>
    Array.from({ length: chance.pick([0, 0, 1, 1, 2]) }, (_, at) =>
      drawAction(chance, `e${edition} ${waveName} ${phase} ${at + 1}`, phase),
    );
  return {
    waveNumber: number,
    waveName,
    protectionGroupIds: [`hrp-${(groupOf ?? waveName).toLowerCase()}`],
    dependsOn: after,
    pauseBeforeWave: chance.happens(0.2),
    pauseAfterWave: chance.happens(0.15),
    ...(chance.happens(0.3) ? { successThresholdPercent: chance.pick([0, 40, 60, 100]) } : {}),
    ...(chance.happens(0.2) ? { maxWaitMinutes: chance.pick([30, 60]) } : {}),
    preWaveActions: actions('pre'),
    postWaveActions: actions('post'),
  };
}

/** The marker stands in the name, and in the parameters of what Systems Manager starts. */
function drawAction(chance: Chance, marker: string, phase: 'pre' | 'post'): WaveAction {
  const common = {
    actionName: marker,
    timeoutMinutes: chance.pick([1, 3, 10]),
    onFailure: chance.pick(['ask', 'ask', 'ask', 'stop', 'continue'] as const),
    verbs: chance.pick([
      ['drill', 'failover'],
      ['drill', 'failover'],
      ['drill', 'failover'],
      ['failover'],
      ['drill'],
    ]) as ('drill' | 'failover')[],
  };
  const kind = chance.pick([
    ...(['automation', 'automation', 'automation', 'http'] as const),
    ...(phase === 'post' ? (['ec2Status', 'command', 'command', 'tcp'] as const) : []),
  ]);
  switch (kind) {
    case 'automation':
      return {
        actionType: kind,
        ...common,
        documentName: chance.pick(DOCUMENTS),
        parameters: {
          Application: [marker],
          IsDrill: ['{{ isDrill }}'],
          ExecutionId: ['{{ executionId }}'],
        },
        ...(chance.happens(0.3) ? { accountId: CENTRAL_ACCOUNT, region: REGION } : {}),
      };
    case 'command':
      return {
        actionType: kind,
        ...common,
        documentName: 'AWS-RunShellScript',
        parameters: { commands: [`echo ${marker} of {{ executionId }}`] },
      };
    case 'http':
      return { actionType: kind, ...common, url: `https://${chance.pick(HOSTS)}/health`, expectedStatus: 200 };
    case 'tcp':
      return { actionType: kind, ...common, host: chance.pick(HOSTS), port: 443 };
    case 'ec2Status':
      return { actionType: kind, ...common };
  }
}
