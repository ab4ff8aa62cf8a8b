import { z } from 'zod';
import { unsatisfiablePolicies } from './policy-checks.ts';
import { partitionOf, regionProblem } from './regions.ts';

/**
 * What is wrong with a deployment's file across its fields. It is looked for apart from the schema, which compares fields only
 * once each of them is right: all problems are to be told at once. So a field that is wrong in itself is passed over here.
 */

/** What a standard SSM parameter holds. */
const MAX_PARAMETER_BYTES = 4_096;
/** Of a target account's parameter beside its documents: two role ARNs, an external id of common length, some Regions. */
const REST_OF_TARGET_BYTES = 896;

const text = z.string().optional().catch(undefined);
const texts = z.array(text).catch([]);
const listOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.array(z.looseObject(shape).optional().catch(undefined)).catch([]).default([]);
const object = <Shape extends z.ZodRawShape>(shape: Shape) => z.looseObject(shape).optional().catch(undefined);

const readable = z.looseObject({
  central: object({ accountId: text, region: text }),
  stagingAccounts: listOf({ accountId: text }),
  origins: listOf({ accountId: text, region: text }),
  targetAccounts: listOf({ accountId: text, regions: texts, documents: listOf({ name: text }) }),
  schedules: listOf({ name: text, input: object({ channelId: text }) }),
  requests: object({ channelId: text, notificationTopicArn: text }),
  component: object({ notificationTopicArns: texts }),
  access: z.unknown().optional(),
  policies: z.unknown().optional(),
  readiness: z.unknown().optional(),
});
type Readable = z.infer<typeof readable>;

/** Every problem, each as `field: what is wrong`; none for what is no file of a deployment at all, which the schema tells. */
export function deploymentProblems(content: unknown): string[] {
  const { data } = readable.safeParse(content);
  if (data === undefined) return [];
  return [
    ...listedTwice(data),
    ...wrongRegions(data),
    ...overlaps(data),
    ...unsatisfiablePolicies(data),
    ...unlistedTopic(data),
    ...schedulesWithoutChannel(data),
    ...tooLarge(data),
  ];
}

/** The accounts of a deployment, and the environment that ends the names in them. */
interface Placed {
  readonly environment?: string | undefined;
  readonly central: { readonly accountId: string };
  readonly stagingAccounts: readonly { readonly accountId: string }[];
  readonly targetAccounts: readonly { readonly accountId: string }[];
}

/**
 * Why two deployments cannot stand side by side; undefined where they can. Names end with the environment and not with the
 * Region: roles and dashboards are of a whole account.
 */
export function collisionOf(one: Placed, other: Placed): string | undefined {
  if (one.environment !== other.environment) return undefined;
  const accountsOf = ({ central, stagingAccounts, targetAccounts }: Placed) => [
    [central.accountId],
    stagingAccounts.map(({ accountId }) => accountId),
    targetAccounts.map(({ accountId }) => accountId),
  ];
  const others = accountsOf(other);
  const shared = accountsOf(one).flatMap((ids, kind) => ids.filter((id) => others[kind]?.includes(id)));
  if (shared.length === 0) return undefined;
  const name = one.environment === undefined ? 'neither names an environment' : `both are ${one.environment}`;
  return `${name}, and both are in ${[...new Set(shared)].join(', ')}: their names would be the same`;
}

function listedTwice({ stagingAccounts, origins, targetAccounts, schedules }: Readable): string[] {
  const account = (entry: { accountId?: string | undefined } | undefined) => entry?.accountId;
  return [
    ...repeated(stagingAccounts, account, (at, id) => `stagingAccounts.${at}.accountId: ${id} is listed twice`),
    ...repeated(
      origins,
      (origin) =>
        origin?.accountId === undefined || origin.region === undefined
          ? undefined
          : `${origin.region} of ${origin.accountId}`,
      (at, place) => `origins.${at}: ${place} is listed twice`,
    ),
    ...repeated(targetAccounts, account, (at, id) => `targetAccounts.${at}.accountId: ${id} is listed twice`),
    ...targetAccounts.flatMap((target, at) =>
      repeated(
        target?.documents ?? [],
        (document) => document?.name,
        (index, name) => `targetAccounts.${at}.documents.${index}.name: ${name} is listed twice`,
      ),
    ),
    ...repeated(
      schedules,
      (schedule) => schedule?.name,
      (at, name) => `schedules.${at}.name: ${name} is there twice`,
    ),
  ];
}

function repeated<Entry>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => string | undefined,
  told: (at: number, key: string) => string,
): string[] {
  const keys = entries.map(keyOf);
  return keys.flatMap((key, at) => (key === undefined || keys.indexOf(key) === at ? [] : [told(at, key)]));
}

function wrongRegions({ central, origins, targetAccounts }: Readable): string[] {
  const places = [
    { field: 'central.region', region: central?.region, service: 'drs' as const },
    ...origins.map((origin, at) => ({
      field: `origins.${at}.region`,
      region: origin?.region,
      service: 'drs' as const,
    })),
    ...targetAccounts.flatMap((target, at) =>
      (target?.regions ?? []).map((region, index) => ({
        field: `targetAccounts.${at}.regions.${index}`,
        region,
        service: 'any' as const,
      })),
    ),
  ];
  return places.flatMap(({ field, region, service }) => {
    const problem = regionProblem(region, service) ?? otherPartition(central?.region, region);
    return problem === undefined ? [] : [`${field}: ${problem}`];
  });
}

function otherPartition(central: string | undefined, region: string | undefined): string | undefined {
  if (central === undefined || region === undefined || partitionOf(central) === partitionOf(region)) return undefined;
  return `${region} is in another partition of AWS than ${central}: no role reaches from one to the other`;
}

/**
 * Accounts that must not be the same. The central account may be a target account, and a staging account, too: that is how
 * actions are done in them. An origin may be in a staging account's own account, in another Region.
 */
function overlaps({ central, stagingAccounts, origins }: Readable): string[] {
  const staging = stagingAccounts.map((account) => account?.accountId);
  return [
    ...staging.flatMap((accountId, at) =>
      accountId === undefined || accountId !== central?.accountId
        ? []
        : [
            `stagingAccounts.${at}.accountId: ${accountId} is the central account; what decides and what launches are kept in different accounts`,
          ],
    ),
    ...origins.flatMap((origin, at) =>
      origin?.accountId !== undefined && staging.includes(origin.accountId) && origin.region === central?.region
        ? [
            `origins.${at}.region: the staging account ${origin.accountId} recovers servers in ${origin.region}; they came from another Region`,
          ]
        : [],
    ),
  ];
}

/** A topic that the functions could not publish to. */
function unlistedTopic({ requests, component }: Readable): string[] {
  const topic = requests?.notificationTopicArn;
  if (topic === undefined || component?.notificationTopicArns?.includes(topic)) return [];
  return [`requests.notificationTopicArn: ${topic} is not on component.notificationTopicArns`];
}

/** Schedules whose runs would all be refused. */
function schedulesWithoutChannel({ requests, schedules }: Readable): string[] {
  if (requests?.channelId !== undefined) return [];
  return schedules.flatMap((schedule, at) =>
    schedule === undefined || schedule.input?.channelId !== undefined
      ? []
      : [`schedules.${at}.input: names no channelId, and requests.channelId is not set: nobody could be asked`],
  );
}

function tooLarge(content: Readable): string[] {
  return [...tooManyDocuments(content), ...tooLargeDocuments(content)];
}

/** The parameter of a target account names its documents, beside two roles, its Regions and the external id. */
function tooManyDocuments({ targetAccounts }: Readable): string[] {
  const room = MAX_PARAMETER_BYTES - REST_OF_TARGET_BYTES;
  return targetAccounts.flatMap((target, at) => {
    const documents = (target?.documents ?? []).map((document) => ({ name: document?.name, type: 'Automation' }));
    const bytes = Buffer.byteLength(JSON.stringify(documents));
    return bytes <= room
      ? []
      : [`targetAccounts.${at}.documents: take ${bytes} bytes; the SSM parameter that holds them has room for ${room}`];
  });
}

function tooLargeDocuments(content: Readable): string[] {
  return (['access', 'policies', 'component', 'readiness'] as const).flatMap((field) => {
    const bytes = Buffer.byteLength(JSON.stringify(content[field] ?? null));
    return bytes <= MAX_PARAMETER_BYTES
      ? []
      : [`${field}: takes ${bytes} bytes; the SSM parameter that holds it has room for ${MAX_PARAMETER_BYTES}`];
  });
}
