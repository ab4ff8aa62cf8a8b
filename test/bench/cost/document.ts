import { runningCostOf } from '../../../src/domain/running-cost.ts';
import { grouped, markdownTable } from '../benchmark.ts';
import type { Measured } from './measure.ts';
import { ALLOWANCE_MS } from './meter.ts';
import { costOf, costsOf, OTHERS_PRICES, PRICES, PRICES_READ_ON, type PriceKey, type Usage } from './prices.ts';

/** Everything that docs/cost.md is made of. */
export interface Counted {
  /** The day of the measurement. */
  countedOn: string;
  /** What a deployment pays for each month whatever it does. */
  fixedMonth: Usage;
  fleets: Measured[];
}

const HOURS_A_MONTH = 730;
/** Seed 5, "Estimated Monthly Costs": 50 executions and 1,000 API calls a month, in US dollars. */
export const SEED_MONTH = { executions: 50, from: 30, to: 70 } as const;
/** How long the instances of the example drill run, in hours. */
const EXAMPLE_HOURS = 1;
const EXAMPLE_DISK_GB = 20;
const COUNTS = /<!-- counts (.*) -->/;

/** The counts that a document was made of. @throws {Error} when it has none */
export function countsIn(document: string): Counted {
  const text = COUNTS.exec(document)?.[1];
  if (text === undefined) throw new Error('the document has no counts');
  return JSON.parse(text) as Counted;
}

/** docs/cost.md of these counts by today's prices. */
export function documentOf(counted: Counted): string {
  const { fleets, fixedMonth, countedOn } = counted;
  const sizes = fleets.map(({ accounts, serversEach }) => grouped(accounts * serversEach));
  return `${[
    '# What it costs',
    `\`npm run cost\` makes this page: it runs drills and an hour at rest in practice mode, counts every operation in the units in which AWS charges it, and
multiplies by AWS's list prices for us-east-2 as they were read on ${PRICES_READ_ON}, without free tiers and discounts. Counted on ${countedOn}. Amounts are US dollars.`,
    '## In short',
    costSummary(counted),
    `Seed 5 estimates $${SEED_MONTH.from} to $${SEED_MONTH.to} a month for ${SEED_MONTH.executions} executions, with a web front end that is not here. What runs in the staging accounts is paid for there: the executors' state
transitions, which are most of a drill's, and their events.`,
    '## One drill',
    `\`/dr drill … cleanup 1h\`: the command, the plan, an approval after five minutes, the launches with DRS's own pace, the cards in Slack, and the end of the instances an hour later.
Nothing fails and nobody asks for anything else. Of what the clock calls, \`sweep-messages\` and \`clean-up-drills\` are counted here, too.`,
    usageTable(
      sizes,
      fleets.map(({ drill }) => drill),
    ),
    '## A month in which nothing is asked for',
    `An hour at rest, ${HOURS_A_MONTH} times: functions that the clock calls, and the metrics that they write.`,
    usageTable(
      sizes,
      fleets.map(({ idleHour }) => times(idleHour, HOURS_A_MONTH)),
    ),
    'And what a deployment has, from the synthesized template of the example deployment:',
    usageTable(['each month'], [fixedMonth]),
    '## How it is counted',
    HOW,
    '## What is not ours',
    NOT_OURS,
    othersTable(fleets, sizes),
    '## Prices',
    `Read on ${PRICES_READ_ON}. AWS's pages fill most figures in by script; where another page is named, the figure was read there. Some give only\nthose of N. Virginia: Ohio's are taken to be the same. The prices of what is not ours are for the example alone and were not read again. Look at AWS's pages before you rely on one.`,
    pricesTable(),
    `<!-- counts ${JSON.stringify(counted)} -->`,
  ].join('\n\n')}\n`;
}

/** US dollars for a month with as many drills of a fleet as the seed has executions, the month at rest included. */
export function monthOf({ fixedMonth }: Counted, fleet: Measured): number {
  return costOf(fixedMonth) + costOf(fleet.idleHour) * HOURS_A_MONTH + costOf(fleet.drill) * SEED_MONTH.executions;
}

/** What a drill and a month of each fleet cost, against the seed. */
export function costSummary(counted: Counted): string {
  const { fleets, fixedMonth } = counted;
  const sizes = fleets.map(({ accounts, serversEach }) => grouped(accounts * serversEach));
  const row = (name: string, cell: (fleet: Measured) => string) => [name, ...fleets.map(cell)];
  const month = (fleet: Measured): number => monthOf(counted, fleet);
  const share = (fleet: Measured, of: number) => `${Math.round((100 * month(fleet)) / of)} %`;
  return markdownTable(
    ['servers', ...sizes],
    [
      row('staging accounts', ({ accounts }) => grouped(accounts)),
      row('minutes from the command to the end of the instances', ({ drillMinutes }) => grouped(drillMinutes)),
      row('**one drill**', ({ drill }) => `**${dollars(costOf(drill))}**`),
      row('… for each server', ({ drill, accounts, serversEach }) => dollars(costOf(drill) / (accounts * serversEach))),
      row('a month at rest', ({ idleHour }) => dollars(costOf(idleHour) * HOURS_A_MONTH)),
      row('a month of keys, secrets, alarms and the dashboard', () => dollars(costOf(fixedMonth))),
      row(`**a month with ${SEED_MONTH.executions} such drills**`, (fleet) => `**${dollars(month(fleet))}**`),
      row(`… of seed 5's $${SEED_MONTH.from}`, (fleet) => share(fleet, SEED_MONTH.from)),
      row(`… of seed 5's $${SEED_MONTH.to}`, (fleet) => share(fleet, SEED_MONTH.to)),
    ],
  );
}

/** A row for each part of the usages: how much of it, and what that costs. */
function usageTable(heads: string[], usages: Usage[]): string {
  const costs = usages.map((usage) => new Map(costsOf(usage).map((cost) => [cost.key, cost])));
  const used = (Object.keys(PRICES) as PriceKey[]).filter((key) => costs.some((cost) => cost.has(key)));
  const cells = (key: PriceKey) =>
    costs.flatMap((cost) => {
      const { amount = 0, usd = 0 } = cost.get(key) ?? {};
      return [amountOf(amount), dollars(usd)];
    });
  return markdownTable(
    ['', ...heads.flatMap((head) => [head, '$'])],
    [
      ...used.map((key) => [`${PRICES[key].name}: ${PRICES[key].unit}`, ...cells(key)]),
      ['**sum**', ...usages.flatMap((usage) => ['', `**${dollars(costOf(usage))}**`])],
    ],
  );
}

const HOW = `- **State transitions** are the states that the histories of \`dr-execution\`, \`drs-orchestration-main\` and the executors show as entered, each try of a task, and each start.
- **Lambda's time** is the one thing that is estimated, upwards: the median time of each function on the machine that measured, as much longer as its memory gives it less than a core;
  ${ALLOWANCE_MS.call} ms for each call of AWS, ${ALLOWANCE_MS.accountCall} ms in a staging account, ${ALLOWANCE_MS.slackMessage} ms for each message of Slack, ${grouped(ALLOWANCE_MS.drawing)} ms of waiting for Slack's pace for each drawing, and one start of ${ALLOWANCE_MS.coldStart} ms for each function.
  It differs by some ten percent from one measurement to the next; everything else is the same each time.
- **DynamoDB's units** are those that the simulated DynamoDB says an operation consumes; writes to the index are computed from the changes. Reading the stream is free for Lambda.
- **KMS**: each call of S3, Secrets Manager and SNS counts as one, and each caller of a table as one every five minutes. Buckets have bucket keys, so it is less.
- **Logs** are the lines that were written, with ${grouped(1_200)} bytes of Lambda's own for each call. **Traces**: one for each call and run; X-Ray samples, so it is less.
- **Metrics** are paid for by the hour in which they have values. Those that the clock writes anyway are in the month at rest.
- **Free**: calls of DRS, EC2, STS, Service Quotas, SSM (standard parameters) and the schedules of EventBridge's rules.
- **Left out**, because it is below a cent: storage of tables, buckets and logs (a drill leaves at most as many KB in the table as it has write units; a GB costs $0.25 a month), point-in-time recovery of the tables ($0.20), traffic to Slack.
- **Not in it**: an optional VPC of \`take-action\` with its NAT gateway or endpoints, CloudTrail, retries when something fails.`;

const NOT_OURS = `These are paid for whoever launches the servers, and are far more:

- DRS: source servers × ${OTHERS_PRICES.replicatedServerHour.usd} × hours, all year, with the staging disks and snapshots on top ([prices](${OTHERS_PRICES.replicatedServerHour.page})).
- the recovery instances: Σ price of the instance type × hours + GB of disks × ${OTHERS_PRICES.gp3GigabyteMonth.usd} ÷ ${HOURS_A_MONTH} × hours (gp3, [prices](${OTHERS_PRICES.gp3GigabyteMonth.page})), from the launch until somebody ends them; and the
  conversion servers that DRS runs during the launch. The result card of each drill says what its instances cost a day ([operations](operations.md#after-a-drill)).

An example, servers of the type \`t3.large\` with ${EXAMPLE_DISK_GB} GB each, that run for ${EXAMPLE_HOURS} hour ([prices](${OTHERS_PRICES.t3LargeHour.page})):`;

function othersTable(fleets: Measured[], sizes: string[]): string {
  const servers = ({ accounts, serversEach }: Measured) => accounts * serversEach;
  const instances = (fleet: Measured): number => {
    const running = Array.from({ length: servers(fleet) }, () => ({ instanceType: 't3.large', region: 'us-east-2' }));
    return (runningCostOf(running, () => OTHERS_PRICES.t3LargeHour.usd, 0).usdPerDay / 24) * EXAMPLE_HOURS;
  };
  const disks = (fleet: Measured): number =>
    (servers(fleet) * EXAMPLE_DISK_GB * OTHERS_PRICES.gp3GigabyteMonth.usd * EXAMPLE_HOURS) / HOURS_A_MONTH;
  const replication = (fleet: Measured): number =>
    servers(fleet) * OTHERS_PRICES.replicatedServerHour.usd * HOURS_A_MONTH;
  const row = (name: string, cell: (fleet: Measured) => string) => [name, ...fleets.map(cell)];
  return markdownTable(
    ['servers', ...sizes],
    [
      row('instances and disks of the drill', (fleet) => dollars(instances(fleet) + disks(fleet))),
      row('… of which our own cost is', (fleet) => percent(costOf(fleet.drill), instances(fleet) + disks(fleet))),
      row("a month of DRS's replication", (fleet) => dollars(replication(fleet))),
    ],
  );
}

function pricesTable(): string {
  return markdownTable(
    ['what', '$', 'for', 'AWS says it at', 'read in'],
    Object.values(PRICES).map(({ name, unit, usd, per, page, ...rest }) => [
      name,
      String(usd),
      `${grouped(per)} ${unit}`,
      page,
      'readIn' in rest ? rest.readIn : 'the same',
    ]),
  );
}

function times(usage: Usage, factor: number): Usage {
  return Object.fromEntries(Object.entries(usage).map(([key, amount]) => [key, amount * factor]));
}

/** Cents where there are any; else as many digits as show what it is. */
function dollars(usd: number): string {
  if (usd === 0) return '0';
  return usd >= 1 ? usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : round(usd);
}

function round(usd: number): string {
  return usd < 0.0001 ? '< 0.0001' : usd.toFixed(4);
}

function amountOf(amount: number): string {
  return amount >= 10 || Number.isInteger(amount) ? grouped(Math.round(amount)) : amount.toFixed(4);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
