/** Whom a statement of a resource's policy is about: `AWS` with an ARN, account or `*`, or `Service` with its name. */
export interface PrincipalEntry {
  kind: string;
  value: string;
}

/** One comparison of a condition. All of a statement must hold; of `values`, one. */
export interface Condition {
  /** e.g. `ForAllValues:StringLike`. */
  operator: string;
  key: string;
  values: readonly string[];
}

/** A list that matches what is on it or, `negated`, what is not (NotAction, NotResource, NotPrincipal). */
export interface Patterns<Entry = string> {
  negated: boolean;
  entries: readonly Entry[];
}

/** A statement of a policy, as it is evaluated. */
export interface PolicyStatement {
  sid: string;
  effect: 'Allow' | 'Deny';
  actions: Patterns;
  /** Left out in trust policies, which are about their role. */
  resources?: Patterns;
  /** Left out in policies of identities. */
  principals?: Patterns<PrincipalEntry>;
  conditions: readonly Condition[];
}

const MEMBERS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

/**
 * The statements of a policy document whose intrinsics have been resolved.
 * @throws when anything in it is not understood: what is not understood must not pass as harmless
 */
export function readPolicy(document: unknown): PolicyStatement[] {
  const { Statement: statements } = document as { Statement?: unknown };
  if (statements === undefined) throw new Error(`a policy without statements: ${JSON.stringify(document)}`);
  return asList(statements).map((statement) => readStatement(statement as Record<string, unknown>));
}

/** One statement of a policy. @throws as {@link readPolicy} */
export function readStatement(statement: Record<string, unknown>): PolicyStatement {
  const unknown = Object.keys(statement).filter((member) => !MEMBERS.includes(member));
  if (unknown.length > 0) throw new Error(`members of a statement that are not understood: ${unknown.join(', ')}`);
  const { Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new Error(`Effect ${String(Effect)}`);
  const actions = patterns(statement, 'Action');
  if (actions === undefined) throw new Error('a statement without actions');
  return {
    sid: String(statement.Sid ?? ''),
    effect: Effect,
    actions,
    resources: patterns(statement, 'Resource'),
    principals: principals(statement),
    conditions: conditions(statement.Condition),
  };
}

function patterns(statement: Record<string, unknown>, member: 'Action' | 'Resource'): Patterns | undefined {
  const given = statement[member];
  const not = statement[`Not${member}`];
  if (given === undefined && not === undefined) return undefined;
  if (given !== undefined && not !== undefined) throw new Error(`${member} and Not${member} in one statement`);
  return { negated: not !== undefined, entries: texts(given ?? not) };
}

function principals(statement: Record<string, unknown>): Patterns<PrincipalEntry> | undefined {
  const given = statement.Principal ?? statement.NotPrincipal;
  if (given === undefined) return undefined;
  const negated = statement.NotPrincipal !== undefined;
  if (given === '*') return { negated, entries: [{ kind: 'AWS', value: '*' }] };
  const entries = Object.entries(given as Record<string, unknown>).flatMap(([kind, values]) =>
    texts(values).map((value) => ({ kind, value })),
  );
  return { negated, entries };
}

function conditions(given: unknown): Condition[] {
  return Object.entries((given ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values: texts(values) })),
  );
}

function texts(value: unknown): string[] {
  return asList(value).map((one) => {
    if (typeof one === 'string') return one;
    if (typeof one === 'boolean' || typeof one === 'number') return String(one);
    throw new Error(`a value that is no text: ${JSON.stringify(one)}`);
  });
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
