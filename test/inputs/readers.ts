import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { draftAnswer } from '../../blocks/draft.ts';
import { parseDeployment } from '../../infra/deployment.ts';
import { parseCommand } from '../../src/chat/command.ts';
import { textOfMention } from '../../src/chat/words.ts';
import { accessSchema, may, withMembers } from '../../src/domain/access.ts';
import { parseComponentInput } from '../../src/domain/contract.ts';
import { importPlans } from '../../src/domain/plan-import/formats.ts';
import { pathText } from '../../src/domain/plan-import/import.ts';
import { changesOf, checkChanges, type Library } from '../../src/domain/plan-library.ts';
import { drillPolicyOf, POLICY_SUBJECTS, policiesSchema, policyOf, policyVersionOf } from '../../src/domain/policy.ts';
import type { Catalogue } from '../../src/domain/records.ts';
import { recoveryRunOf } from '../../src/domain/requested-run.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { readPlanText } from '../../src/platform/plan-text.ts';
import { readRequest } from '../../src/requests/request.ts';
import { firstSharedDay, nextRunAfter, readTimeZone, readTiming } from '../../src/requests/timing.ts';
import {
  anyText,
  arrived,
  brokenText,
  changed,
  corpusOf,
  type Json,
  NASTY_TEXTS,
  textCorpusOf,
  textOf,
} from './arbitraries.ts';
import { entrance } from './entrance.ts';
import { expectAnswer, expectCard, expectPlain, readOrRefused } from './promises.ts';

/** Entrances that are readers alone: what they refuse goes no further, so it can store and launch nothing. */

const fileOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const jsonOf = (path: string): Json => JSON.parse(fileOf(path)) as Json;

/** What JSON.parse makes of a text; undefined for what is none: AWS gives us no such thing. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Texts of which each has a few documents behind it, as they are or with something nasty in them. */
const textsOf = (...documents: Json[]) => brokenText(changed(documents).map(textOf));

/** Applications that are called whatever a tag can say. */
export const CATALOGUE: Catalogue = {
  applications: [
    {
      name: 'HRP',
      waves: [
        { wave: 1, servers: 30 },
        { wave: 2, servers: 40 },
        { wave: 3, servers: 2 },
      ],
    },
    { name: 'drill', waves: [] },
    ...NASTY_TEXTS.filter((text) => text !== '').map((text) => ({ name: text, waves: [{ wave: 1, servers: 1 }] })),
  ],
  refreshedAt: Date.UTC(2026, 2, 2),
} as unknown as Catalogue;

const WORDS =
  'drill failover failback terminate status plan plans group groups show new edit copy delete import export version as text HRP wave waves all 1 1-3 2,3 99 1-100000 0 9007199254740993 reason ticket INC0012345 live replace i-0123456789abcdef0 cleanup 4h hours approve reject resume pause cancel abcdef01 undo archive archived schedule every day sunday first last monday,friday 06:00 at zone Europe/Berlin Mars/Olympus "cron(0 6 ? * SUN *)" cron(0 0 31 2 ? *) list accounts validate 111111111111 server logs audit access help executions " \' “ ” - – , # `'.split(
    ' ',
  );

/** What somebody may type after `/dr`: words of commands in any order, and anything. */
export const typedText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WORDS) }, { weight: 1, arbitrary: anyText }), {
        minLength: 1,
        maxLength: 9,
      })
      .map((words) => words.join(' ')),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...WORDS), anyText).map(([word, text]) => `${word} "${text}" wave 1`),
  },
  { weight: 1, arbitrary: anyText },
);

const command = entrance({
  name: 'what is typed after /dr',
  runs: 4000,
  corpus: corpusOf<string>('commands').map(([name, text]) => [name, { text, isKnown: true }] as const),
  inputs: fc.tuple(typedText, fc.boolean()).map(([text, isKnown]) => ({ text, isKnown })),
  give: ({ text, isKnown }) => {
    const understood = parseCommand(text, isKnown ? CATALOGUE : undefined);
    if (understood.kind === 'problem') expectAnswer(understood.text);
  },
});

const mention = entrance({
  name: 'what is written to the bot',
  runs: 1800,
  inputs: fc
    .tuple(anyText, typedText, fc.boolean())
    .map(
      ([before, text, hasLink]) =>
        `${before}<@U0PDRBOT001|${hasLink ? before : ''}> ${text}${hasLink ? ` <https://x.example|${before}>` : ''}`,
    ),
  give: (text) => {
    const understood = parseCommand(textOfMention(text), CATALOGUE);
    if (understood.kind === 'problem') expectAnswer(understood.text);
  },
});

const INPUT: Json = {
  action: 'drill',
  tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
  options: {
    isDrill: true,
    maxWaitMinutes: 90,
    continueOnFailure: true,
    parallelism: 50,
    minServers: 1,
    successThresholdPercent: 50,
    sourceServerIds: ['s-0123456789abcdef0'],
    pointInTime: '2026-03-02T02:00:00Z',
    statusChecks: true,
  },
  metadata: { correlationId: 'a-1', ticketId: 'INC1', initiatedBy: 'somebody', more: { list: [1, 'x', null] } },
};
const FAILOVER: Json = {
  action: 'failover',
  tags: { 'DR-Application': 'HRP' },
  options: { replaceLive: ['i-0123456789abcdef0'], notificationArn: 'arn:aws:sns:us-east-2:111111111111:x' },
  metadata: { correlationId: 'a-2' },
  waves: [1, 2, 3],
  pauseBefore: [2],
  onWaveFailure: 'ask',
  taskToken: 'token',
  channelId: 'C0INCIDENT1',
};

const component = entrance({
  name: 'input of the component',
  runs: 600,
  corpus: textCorpusOf('requests'),
  inputs: textsOf(INPUT, FAILOVER, jsonOf('docs/examples/drill.json')),
  give: (text) => {
    const json = parsed(text);
    if (json !== undefined) readOrRefused(() => parseComponentInput(json.value));
  },
});

/** Requests of machines: by themselves, and as EventBridge delivers them. */
export const requestDocuments: Json[] = [
  FAILOVER,
  { ...INPUT, cleanUpAfterHours: 4 },
  jsonOf('docs/examples/request-failover.json'),
  {
    id: '0b5d3d2b-0000-4000-8000-000000000000',
    'detail-type': 'Recovery Requested',
    source: 'ops.monitoring',
    detail: { action: 'drill', tags: { 'DR-Tier': 'Critical', 'DR-Wave': '1' }, metadata: { initiatedBy: 'ops' } },
  },
];

const request = entrance({
  name: 'request of a machine',
  runs: 600,
  corpus: textCorpusOf('requests'),
  inputs: textsOf(...requestDocuments),
  give: (text) => {
    const json = parsed(text);
    if (json !== undefined) readOrRefused(() => readRequest(json.value));
  },
});

const deployment = entrance({
  name: 'a deployment’s file',
  runs: 200,
  corpus: textCorpusOf('deployments'),
  inputs: textsOf(jsonOf('config/example.json'), {
    ...(jsonOf('config/example.json') as object),
    ...(jsonOf('docs/examples/schedule.json') as object),
    requests: { channelId: 'C0INCIDENT1' },
  }),
  give: (text) => {
    const json = parsed(text);
    if (json !== undefined) readOrRefused(() => parseDeployment(json.value, 'config/x.json'));
  },
});

const APPLICATIONS = ['HRP', ...NASTY_TEXTS];
const PERSON = { userId: 'U0REQUESTER', teamId: 'T0EXAMPLE0' };

const access = entrance({
  name: 'the access document',
  runs: 700,
  inputs: changed([
    {
      teamId: 'T0EXAMPLE0',
      grants: [
        { role: 'DRSOperator', users: ['U0REQUESTER'], applications: ['HRP', '__proto__', 'constructor'] },
        { role: 'DRSOrchestrationAdmin', userGroups: ['S0LEADS0001'] },
      ],
    },
  ]),
  give: (document) => {
    const { data } = accessSchema.safeParse(arrived(document));
    if (data === undefined) return;
    const members = withMembers(data, [{ userGroupId: 'S0LEADS0001', userIds: ['U0LEAD00001'] }]);
    for (const application of APPLICATIONS) may(members, PERSON, 'drs:ExecuteRecovery', application);
  },
});

const policies = entrance({
  name: 'the policies',
  runs: 250,
  inputs: changed([
    {
      drill: { quorum: 1, stopOn: ['stalled'], drillSubnets: ['subnet-0123456789abcdef0'] },
      failover: { quorum: 3, freeze: 'year end', breakGlass: { roles: ['DRSOrchestrationAdmin'], byRequester: false } },
      pause: { expiresAfterMinutes: 20, escalation: { beforeMinutes: 10, userGroups: ['S0LEADS0001'] } },
      applications: { HRP: { drill: { quorum: 2, typeName: true } }, constructor: { drill: { quorum: 3 } } },
    },
  ]),
  give: (document) => {
    const { data } = policiesSchema.safeParse(arrived(document));
    if (data === undefined) return;
    policyVersionOf(data);
    for (const application of APPLICATIONS) {
      drillPolicyOf(data, application);
      for (const subject of POLICY_SUBJECTS) {
        const { quorum } = policyOf(data, subject, application);
        if (!Number.isSafeInteger(quorum) || quorum < 1) throw new Error(`a quorum of ${quorum}`);
      }
    }
  },
});

/** The five formats of plans, as examples of ours have them. */
const PLAN_FILES = [
  'hrp-plan.json',
  'hrp-manifest.json',
  'dr-orchestrator-manifest.json',
  'drs-orchestration-plan.json',
  'drs-plan-automation.json',
  'protection-groups.json',
];
const PLAN_DOCUMENTS: Json[] = [...PLAN_FILES.map((file) => jsonOf(`docs/examples/plans/${file}`)), enterpriseWaves()];

function enterpriseWaves(): Json {
  const read = readPlanText(fileOf('docs/examples/plans/enterprise-waves.yaml'));
  if ('problems' in read) throw new Error(read.problems.join(' '));
  return read.document as Json;
}

const NO_LIBRARY: Library = { version: 0, plans: [], groups: [] };
const REGIONS = ['us-east-2'];

const planFile = entrance({
  name: 'a file of recovery plans',
  runs: 180,
  corpus: textCorpusOf('plans'),
  inputs: fc.oneof(
    { weight: 3, arbitrary: textsOf(...PLAN_DOCUMENTS) },
    { weight: 1, arbitrary: brokenText(changed(PLAN_DOCUMENTS).map((document) => stringify(document))) },
    { weight: 1, arbitrary: anyText },
  ),
  give: (text) => {
    const read = readPlanText(text);
    const nothing = { differences: [], summaries: [], overtaken: [], unread: [], isSent: false };
    const show = (problems: readonly string[], more: { differences?: string[]; notRunnable?: string[] } = {}) =>
      expectCard(draftAnswer({ ...nothing, about: 'The import', problems, notRunnable: [], ...more }));
    if ('problems' in read) return show(read.problems);
    const imported = importPlans(read.document, { name: 'pasted', region: 'us-east-2', servers: [] });
    const placed = (where: readonly (string | number)[]) => `Line ${read.lineOf(where)}, ${pathText(where)}`;
    const notRunnable = imported.notRunnable.map(({ where, what, why }) => `${placed(where)}: “${what}”. ${why}`);
    const problems = imported.problems.map(({ where, message }) => `${placed(where)}: ${message}`);
    if (problems.length > 0) return show(problems, { notRunnable });
    const changes = changesOf(imported, NO_LIBRARY);
    const checked = checkChanges(NO_LIBRARY, changes, { regions: REGIONS });
    const wrong = checked.problems.map(({ field, message }) => `${field}: ${message}`);
    show(wrong, { notRunnable, differences: checked.differences });
    if (wrong.length > 0) return;
    const stored = { by: { arn: 'x' }, at: 0, version: 1, changedBy: { arn: 'x' }, changedAt: 0 };
    const library: Library = {
      version: 1,
      plans: imported.plans.map((plan) => ({ plan, ...stored })),
      groups: imported.groups.map((group) => ({ group, ...stored })),
    };
    for (const { application } of imported.plans) {
      if (application !== undefined) readOrRefused(() => recoveryRunOf(application, library));
    }
  },
});

const [practiceServer] = (jsonOf('practice/inventory.json') as { sourceServers: Json[] }).sourceServers;
const INVENTORY: Json = {
  region: 'us-east-2',
  stagingAccounts: [{ accountId: '111111111111', name: 'staging-1' }],
  originRegions: [{ accountId: '555555555555', region: 'us-east-1' }],
  sourceServers: [practiceServer ?? null],
};

const inventory = entrance({
  name: 'an inventory',
  runs: 400,
  corpus: textCorpusOf('inventories'),
  inputs: textsOf(INVENTORY),
  give: (text) => {
    readOrRefused(() => loadInventory(text, 'x.json'));
  },
});

const TIMING_WORDS =
  'every day weekday sunday monday,thursday first second last friday at 06:00 24:00 6:0 and , cron( cron(0 6 ? * SUN *) 0 6 ? * */0 1-1000 31 2 29 L LW 15W FRI#5 6L MON-SUN * )'.split(
    ' ',
  );
const ZONES = ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Pacific/Apia', 'Etc/GMT+12', 'Etc/GMT+99', 'EST5EDT', 'x'];
const CRON_FIELD = fc.constantFrom(
  '0',
  '6',
  '23',
  '59',
  '60',
  '?',
  '*',
  'L',
  'LW',
  '31',
  '29',
  '2',
  '*/2',
  '*/0',
  '1-5',
  '5-1',
  '1,2,',
  'SUN',
  'FRI#5',
  '6L',
  '15W',
  'FEB',
  '-1',
  '99999999999999999999',
);

const schedule = entrance({
  name: 'when a schedule runs',
  runs: 1200,
  corpus: corpusOf<{ when: string; zone: string }>('schedules'),
  inputs: fc.record({
    when: fc.oneof(
      fc.array(fc.constantFrom(...TIMING_WORDS), { maxLength: 8 }).map((words) => words.join(' ')),
      fc.array(CRON_FIELD, { minLength: 5, maxLength: 6 }).map((fields) => `cron(${fields.join(' ')} *)`),
      fc.tuple(CRON_FIELD, CRON_FIELD, CRON_FIELD).map((fields) => `cron(0 6 ${fields.join(' ')} *)`),
      anyText,
    ),
    zone: fc.oneof(fc.constantFrom(...ZONES), anyText),
  }),
  give: ({ when, zone }) => {
    const timing = readTiming(when);
    if ('problem' in timing) return expectPlain(timing.problem);
    const timeZone = readTimeZone(zone);
    if (timeZone === undefined) return;
    const now = Date.UTC(2026, 2, 28);
    const next = nextRunAfter({ ...timing, timeZone }, now);
    if (next !== undefined && next <= now)
      throw new Error(`the next run is in the past: ${new Date(next).toISOString()}`);
    firstSharedDay({ ...timing, timeZone }, { cron: '0 6 * * SUN', timeZone: 'UTC' }, now);
  },
});

/** In the order in which people meet them. */
export const READERS = [
  command,
  mention,
  component,
  request,
  deployment,
  access,
  policies,
  planFile,
  inventory,
  schedule,
];
