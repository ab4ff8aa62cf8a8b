import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { z } from 'zod';
import { durationMs } from './aws/iso-time.ts';

/** DRS allows this many replicating source servers in an account and Region; the quota cannot be raised. */
export const MAX_REPLICATING_SERVERS = 300;

/** DataReplicationState of the DRS API. */
export const REPLICATION_STATES = [
  'STOPPED',
  'INITIATING',
  'INITIAL_SYNC',
  'BACKLOG',
  'CREATING_SNAPSHOT',
  'CONTINUOUS',
  'PAUSED',
  'RESCAN',
  'STALLED',
  'DISCONNECTED',
] as const;
export type ReplicationState = (typeof REPLICATION_STATES)[number];

/** States of an EC2 instance, as EC2 writes them. */
export const INSTANCE_STATES = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

const NOT_REPLICATING: readonly unknown[] = ['STOPPED', 'DISCONNECTED'];

/** AWS allows this many tags on a resource, with keys and values of at most these lengths. */
const MAX_TAGS = 50;
const MAX_TAG_KEY = 128;
const MAX_TAG_VALUE = 256;

const pattern = (expression: RegExp, what: string) => z.string().regex(expression, `expected ${what}`);
const accountId = pattern(/^\d{12}$/, 'an account id of 12 digits');
const region = pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region such as us-east-2');
const duration = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'expected an ISO 8601 duration of days and less, such as PT45S');
const ipv4 = z.ipv4('expected an IPv4 address');

const tags = z
  .record(z.string().min(1).max(MAX_TAG_KEY), z.string().max(MAX_TAG_VALUE))
  .refine((all) => Object.keys(all).length <= MAX_TAGS, `expected at most ${MAX_TAGS} tags`);

const recoveryInstanceSchema = z.strictObject({
  /** Id of the recovery instance and of the EC2 instance: DRS uses one for both. */
  instanceId: pattern(/^i-[0-9a-f]{17}$/, 'an instance id such as i-0123456789abcdef0'),
  isDrill: z.boolean(),
  state: z.enum(INSTANCE_STATES),
  /** How long before the start of the simulation it was launched, ISO 8601 duration. */
  launchedAgo: duration,
  privateIp: ipv4,
  /** EC2 termination protection: a launch does not clean such an instance up. */
  terminationProtection: z.boolean().optional(),
});

const sourceServerSchema = z.strictObject({
  sourceServerId: pattern(/^s-[0-9a-zA-Z]{17}$/, 'a source server id such as s-0123456789abcdef0'),
  hostname: pattern(/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,253}[a-zA-Z0-9])?$/, 'a host name'),
  /** The staging account that the server replicates to. */
  accountId,
  ip: ipv4,
  /** Operating system as the agent reports it; one with "Windows" in it takes longer to launch. */
  os: z.string().min(1).max(256),
  /** What the recovery instance is launched as. */
  instanceType: pattern(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an EC2 instance type such as m5.large'),
  cpus: z.int().min(1).max(448),
  ramGiB: z.int().min(1),
  /** Size of each disk, GiB. */
  diskGiB: z.array(z.int().min(1)).min(1).max(60),
  replication: z.strictObject({
    state: z.enum(REPLICATION_STATES),
    /** How far the copy is behind, ISO 8601 duration; absent when DRS gives none. */
    lagDuration: duration.optional(),
    /** How long before the start of the simulation the agent was last heard, ISO 8601 duration. */
    lastSeenAgo: duration,
  }),
  /** Where the server runs; absent when it is on premises. */
  origin: z
    .strictObject({
      /** @default AWS */
      environment: z.enum(['ON_PREMISES', 'AWS']).optional(),
      /** @default - the account that it replicates to */
      accountId: accountId.optional(),
      /** Given for every server in AWS. */
      region: region.optional(),
      /** @default - the Region's first */
      availabilityZone: pattern(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an Availability Zone such as us-east-1a').optional(),
    })
    .superRefine(({ environment, ...place }, context) => {
      const isInAws = environment !== 'ON_PREMISES';
      if (isInAws && place.region === undefined) {
        context.addIssue({ code: 'custom', path: ['region'], message: 'is missing' });
      }
      if (isInAws) return;
      for (const name of Object.keys(place)) {
        context.addIssue({ code: 'custom', path: [name], message: 'expected nothing for a server on premises' });
      }
    })
    .optional(),
  /** ARN of the source server in another account that this one is extended from; absent for an ordinary one. */
  extendedFrom: pattern(
    /^arn:aws:drs:[a-z0-9-]+:\d{12}:source-server\/s-[0-9a-zA-Z]{17}$/,
    'the ARN of a source server',
  ).optional(),
  tags,
  recoveryInstance: recoveryInstanceSchema.optional(),
});

const inventorySchema = z.strictObject({
  region,
  stagingAccounts: z
    .array(
      z.strictObject({
        accountId,
        name: z.string().min(1).max(64),
        /** Said where DRS has never been set up: then the account has no servers. */
        drsInitialized: z.literal(false).optional(),
      }),
    )
    .min(1),
  /** Where DRS has been set up for failback into AWS. @default - wherever one of the servers runs in AWS */
  originRegions: z.array(z.strictObject({ accountId, region })).optional(),
  sourceServers: z.array(sourceServerSchema),
});

/** The world that practice mode begins with: accounts, the servers they replicate, and what earlier launches left. */
export type Inventory = z.infer<typeof inventorySchema>;
/** One source server of an {@link Inventory}. */
export type InventoryServer = Inventory['sourceServers'][number];

/** One thing wrong with an inventory file. */
export interface InventoryProblem {
  /** Line in the file, from 1. */
  line: number;
  /** Where in the document, e.g. `sourceServers[12].tags.DR-Wave`; empty for the document as a whole. */
  field: string;
  /** What was expected, and what is there. */
  message: string;
}

/** An inventory that cannot be used. The message has one line for each problem: `file:line: field: what is wrong`. */
export class InventoryError extends Error {
  override readonly name = 'InventoryError';
  readonly problems: readonly InventoryProblem[];

  constructor(fileName: string, problems: readonly InventoryProblem[]) {
    const lines = problems.map(
      ({ line, field, message }) => `${fileName}:${line}: ${field === '' ? '' : `${field}: `}${message}`,
    );
    super(`${problems.length} problem(s) in the inventory ${fileName}\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

type Path = (string | number)[];

/** A problem with its place in the document, before the line is known. */
interface Finding {
  path: Path;
  message: string;
}

/**
 * Reads an inventory. `fileName` is only used in messages.
 * @throws {InventoryError} with everything that is wrong: syntax, fields, and what only shows across servers.
 */
export function loadInventory(text: string, fileName: string): Inventory {
  try {
    return readInventory(text, fileName);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The parser and what looks for repeated keys go one call deeper with each level.
    const message = 'too many levels inside each other';
    throw new InventoryError(fileName, [{ line: 1, field: '', message }]);
  }
}

function readInventory(text: string, fileName: string): Inventory {
  const syntaxErrors: ParseError[] = [];
  const root = parseTree(text, syntaxErrors, { disallowComments: true, allowTrailingComma: false });
  const lineAt = lineFinder(text);
  const syntax = syntaxErrors.map(({ error, offset }) => ({
    line: lineAt(offset),
    field: '',
    message: `not valid JSON: ${inWords(printParseErrorCode(error))}`,
  }));
  if (root === undefined) {
    throw new InventoryError(
      fileName,
      syntax.length > 0 ? syntax : [{ line: 1, field: '', message: 'the file is empty' }],
    );
  }

  const value: unknown = getNodeValue(root);
  const parsed = inventorySchema.safeParse(value);
  const findings = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => schemaFindings(issue, value))),
    ...repeatedKeys(root),
    ...crossFindings(value),
  ];
  // A field is named once, with the first thing that is wrong with it.
  const named = [...Map.groupBy(findings, ({ path }) => fieldName(path)).values()].flatMap((same) => same[0] ?? []);
  // A field that seems wrong on a line that is not JSON is most likely only misread: the syntax error alone is shown.
  const brokenLines = new Set(syntax.map(({ line }) => line));
  const fields = named
    .map(({ path, message }) => ({ line: lineAt(nearestNode(root, path).offset), field: fieldName(path), message }))
    .filter(({ line }) => !brokenLines.has(line));
  const problems = [...syntax, ...fields].sort((a, b) => a.line - b.line);
  if (problems.length > 0 || !parsed.success) throw new InventoryError(fileName, problems);
  return parsed.data;
}

/** `PropertyNameExpected` as `property name expected`. */
function inWords(code: string): string {
  return code.replace(/(?!^)([A-Z])/g, ' $1').toLowerCase();
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** `['tags', 'DR-Wave']` as `tags.DR-Wave`; `['sourceServers', 3]` as `sourceServers[3]`. */
function fieldName(path: Path): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${part}`)).join('');
}

/** The node at `path`, or the innermost one around it that exists. A member is shown where its name stands. */
function nearestNode(root: Node, path: Path): Node {
  let node = root;
  let shown = root;
  for (const part of path) {
    const next = childOf(node, part);
    if (next === undefined) break;
    node = next;
    shown = next.parent?.type === 'property' ? next.parent : next;
  }
  return shown;
}

function childOf(node: Node, part: string | number): Node | undefined {
  if (typeof part === 'number') return node.type === 'array' ? node.children?.[part] : undefined;
  // The last of several members with one name is the one that counts in JSON.
  return node.children?.findLast(({ type, children }) => type === 'property' && children?.[0]?.value === part)
    ?.children?.[1];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, part) : undefined),
    value,
  );
}

function schemaFindings(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a field of the inventory' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({
      path,
      message: `the tag's name is not allowed: ${expectation(message)}`,
    }));
  }
  const value = valueAt(root, path);
  if (value === undefined) return [{ path, message: 'is missing' }];
  const shown = typeof value === 'object' ? '' : `, got ${JSON.stringify(value)}`;
  return [{ path, message: `${expectation(issue.message)}${shown}` }];
}

/** zod's own messages, brought into the words of the messages above. */
function expectation(message: string): string {
  return message
    .replace(/^Invalid (input|option): /, '')
    .replace(/, received .*$/, '')
    .replace(/^Too (small|big): /, '');
}

function repeatedKeys(node: Node, path: Path = []): Finding[] {
  if (node.type === 'array') return (node.children ?? []).flatMap((child, at) => repeatedKeys(child, [...path, at]));
  if (node.type !== 'object') return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const [key, child] = property.children ?? [];
    const name = String(key?.value);
    const repeated = seen.has(name) ? [{ path: [...path, name], message: 'is given more than once' }] : [];
    seen.add(name);
    return child === undefined ? repeated : [...repeated, ...repeatedKeys(child, [...path, name])];
  });
}

/** A server or account of which nothing has been checked yet. */
type Loose = Record<string, unknown>;

function looseList(value: unknown, name: string): Loose[] {
  const list = valueAt(value, [name]);
  return Array.isArray(list)
    ? list.map((item) => (typeof item === 'object' && item !== null ? (item as Loose) : {}))
    : [];
}

/** What only shows when servers and accounts are looked at together. Reads loosely, so that it also runs on wrong files. */
function crossFindings(value: unknown): Finding[] {
  const accounts = looseList(value, 'stagingAccounts');
  const servers = looseList(value, 'sourceServers');
  const instanceIds = servers.map(({ recoveryInstance }) => valueAt(recoveryInstance, ['instanceId']));
  return [
    ...duplicates(
      accounts.map(({ accountId }) => accountId),
      (at) => ['stagingAccounts', at, 'accountId'],
    ),
    ...duplicates(
      accounts.map(({ name }) => name),
      (at) => ['stagingAccounts', at, 'name'],
    ),
    ...duplicates(
      servers.map(({ sourceServerId }) => sourceServerId),
      (at) => ['sourceServers', at, 'sourceServerId'],
    ),
    ...duplicates(instanceIds, (at) => ['sourceServers', at, 'recoveryInstance', 'instanceId']),
    ...unknownAccounts(accounts, servers),
    ...accountsWithoutDrs(accounts, servers),
    ...fullAccounts(servers),
  ];
}

function duplicates(values: readonly unknown[], pathOf: (at: number) => Path): Finding[] {
  const first = new Map<string, number>();
  return values.flatMap((value, at) => {
    if (typeof value !== 'string') return [];
    const earlier = first.get(value);
    if (earlier === undefined) {
      first.set(value, at);
      return [];
    }
    return [{ path: pathOf(at), message: `"${value}" is already that of ${fieldName(pathOf(earlier).slice(0, 2))}` }];
  });
}

function accountsWithoutDrs(accounts: readonly Loose[], servers: readonly Loose[]): Finding[] {
  const without = new Set(accounts.filter((account) => account.drsInitialized === false).map((one) => one.accountId));
  return servers.flatMap(({ accountId }, at) =>
    without.has(accountId)
      ? [{ path: ['sourceServers', at, 'accountId'], message: `DRS is not initialized in "${String(accountId)}"` }]
      : [],
  );
}

function unknownAccounts(accounts: readonly Loose[], servers: readonly Loose[]): Finding[] {
  const known = new Set(accounts.map(({ accountId }) => accountId));
  return servers.flatMap(({ accountId }, at) =>
    typeof accountId !== 'string' || known.has(accountId)
      ? []
      : [{ path: ['sourceServers', at, 'accountId'], message: `"${accountId}" is not one of the stagingAccounts` }],
  );
}

function fullAccounts(servers: readonly Loose[]): Finding[] {
  const replicating = new Map<unknown, number[]>();
  servers.forEach(({ accountId, replication }, at) => {
    if (NOT_REPLICATING.includes(valueAt(replication, ['state']))) return;
    replicating.set(accountId, [...(replicating.get(accountId) ?? []), at]);
  });
  return [...replicating].flatMap(([accountId, indexes]) => {
    const firstTooMany = indexes[MAX_REPLICATING_SERVERS];
    if (firstTooMany === undefined) return [];
    const message = `account ${String(accountId)} has ${indexes.length} replicating servers, expected at most ${MAX_REPLICATING_SERVERS}`;
    return [{ path: ['sourceServers', firstTooMany, 'accountId'], message }];
  });
}
