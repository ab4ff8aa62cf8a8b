import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Caller, evaluate, type ResourcePolicy, type Verdict } from './evaluate.ts';
import { type Context, holds, matchesAction, matchesArn, matchesPattern } from './match.ts';
import { type PolicyStatement, readPolicy } from './policy.ts';

const HERE = '111111111111';
const ELSEWHERE = '999999999999';
const READER = `arn:aws:iam::${HERE}:role/reader`;
const TABLE = `arn:aws:dynamodb:us-east-2:${HERE}:table/t`;

/** Letters that mean something to somebody, and few, so that texts and patterns meet. */
const letters = fc.constantFrom('a', 'b', ':', '/', '.', '[', '(', '$', '\\', '^', '|', '+');
const anyText = fc.string({ unit: letters, maxLength: 12 });
const anyPattern = fc
  .string({ unit: fc.oneof(letters, fc.constantFrom('*', '?')), maxLength: 10 })
  .filter((pattern) => !pattern.includes('${'));

/** The same by a regular expression. */
function byExpression(pattern: string, text: string): boolean {
  const source = [...pattern].map(
    (one) => ({ '*': '[^]*', '?': '[^]' })[one] ?? `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
  return new RegExp(`^${source.join('')}$`, 'u').test(text);
}

describe('a pattern', () => {
  it.each([
    ['drs:Describe*', 'drs:DescribeJobs', true],
    ['arn:aws:s3:::b/results/*', 'arn:aws:s3:::b/results/', true],
    ['arn:aws:s3:::b/results/*', 'arn:aws:s3:::b/result', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['*ab', 'aab', true],
  ])('%s on %s: %s', (pattern, text, expected) => expect(matchesPattern(pattern, text)).toBe(expected));

  it('means what a regular expression of the same meaning does', () => {
    fc.assert(
      fc.property(anyPattern, anyText, (pattern, text) => {
        expect(matchesPattern(pattern, text)).toBe(byExpression(pattern, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('matches what is made from it by putting something in the place of its wildcards', () => {
    fc.assert(
      fc.property(anyPattern, fc.infiniteStream(anyText), (pattern, texts) => {
        const next = () => texts.next().value ?? '';
        const made = [...pattern].map((one) => (one === '*' ? next() : one === '?' ? 'a' : one)).join('');
        expect(matchesPattern(pattern, made)).toBe(true);
      }),
    );
  });

  it('with a policy variable is an error', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is IAM's
    expect(() => matchesPattern('home/${aws:username}', 'home/me')).toThrow('variables');
  });

  it('of an action has no case, one of a resource has', () => {
    expect(matchesAction('DRS:describe*', 'drs:DescribeJobs')).toBe(true);
    expect(matchesPattern('role/Admin', 'role/admin')).toBe(false);
  });

  it('of an ARN in a condition stays within the parts of the ARN', () => {
    expect(matchesArn('arn:aws:iam::*:role/x', READER)).toBe(false);
    expect(matchesArn(`arn:aws:iam::${HERE}:role/*`, READER)).toBe(true);
    expect(matchesArn('arn:aws:*:role/reader', READER)).toBe(false);
  });
});

describe('a condition', () => {
  const context: Context = {
    'aws:PrincipalOrgID': ['o-1'],
    'aws:TagKeys': ['DR-Drill', 'DR-ExecutionId'],
    'aws:ViaAWSService': ['true'],
    days: ['10'],
  };
  it.each([
    ['StringEquals', 'aws:principalorgid', ['o-1'], true],
    ['StringEquals', 'aws:PrincipalOrgID', ['o-2', 'o-1'], true],
    ['StringEquals', 'aws:PrincipalOrgID', ['O-1'], false],
    ['StringEquals', 'missing', ['o-1'], false],
    ['StringNotEquals', 'aws:PrincipalOrgID', ['o-1', 'o-2'], false],
    ['StringNotEquals', 'missing', ['o-1'], true],
    ['StringEqualsIfExists', 'missing', ['o-1'], true],
    ['StringLike', 'aws:PrincipalOrgID', ['o-*'], true],
    ['Bool', 'aws:ViaAWSService', ['true'], true],
    ['Bool', 'missing', ['false'], false],
    ['Null', 'missing', ['true'], true],
    ['Null', 'aws:ViaAWSService', ['true'], false],
    ['Null', 'aws:ViaAWSService', ['false'], true],
    ['NumericLessThan', 'days', ['11'], true],
    ['NumericLessThan', 'days', ['10'], false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['DR-Drill', 'DR-ExecutionId', 'other'], true],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['DR-Drill'], false],
    ['ForAllValues:StringEquals', 'missing', ['DR-Drill'], true],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', ['DR-Drill'], true],
    ['ForAnyValue:StringEquals', 'missing', ['DR-Drill'], false],
  ])('%s %s %j: %s', (operator, key, values, expected) => {
    expect(holds({ operator, key, values }, context)).toBe(expected);
  });

  it.each([
    ['DateLessThan', 'aws:CurrentTime'],
    ['StringEqual', 'aws:PrincipalOrgID'],
    ['constructor', 'aws:PrincipalOrgID'],
    ['ForSomeValues:StringEquals', 'aws:TagKeys'],
    // Of several values there is no saying which one is meant.
    ['StringEquals', 'aws:TagKeys'],
  ])('with the operator %s on %s is an error, and never passes', (operator, key) => {
    expect(() => holds({ operator, key, values: ['DR-Drill'] }, context)).toThrow();
  });
});

describe('a policy', () => {
  it.each([
    ['a member that is not known', { Effect: 'Allow', Action: 'a:b', Resource: '*', When: 'never' }],
    ['another effect', { Effect: 'Maybe', Action: 'a:b', Resource: '*' }],
    ['no action', { Effect: 'Allow', Resource: '*' }],
    ['an intrinsic that nobody resolved', { Effect: 'Allow', Action: 'a:b', Resource: { Ref: 'X' } }],
  ])('with %s is an error', (_, statement) => expect(() => readPolicy({ Statement: [statement] })).toThrow());
});

describe('a request', () => {
  const allow = (over: object = {}): PolicyStatement[] =>
    readPolicy({ Statement: { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*', ...over } });
  const deny = (over: object = {}): PolicyStatement[] => allow({ Effect: 'Deny', ...over });
  const shared = (kind: ResourcePolicy['kind'], statements: PolicyStatement[]): ResourcePolicy => ({
    kind,
    statements,
  });
  const caller: Caller = { roleArn: READER };
  const verdict = (
    identity: PolicyStatement[],
    resource?: ResourcePolicy,
    { account = HERE, by = caller }: { account?: string; by?: Caller } = {},
  ): Verdict =>
    evaluate(
      { caller: by, action: 'dynamodb:GetItem', resource: TABLE, context: {} },
      { identity, resource, resourceAccount: account },
    );
  const named = { Principal: { AWS: READER } };
  const ofAccount = { Principal: { AWS: `arn:aws:iam::${HERE}:root` } };

  it('needs a statement that allows it', () => {
    expect(verdict([])).toBe('no identity policy');
    expect(verdict(allow())).toBe('allowed');
    expect(verdict(allow({ Action: 'dynamodb:PutItem' }))).toBe('no identity policy');
    expect(verdict(allow({ Resource: `${TABLE}/index/i` }))).toBe('no identity policy');
    expect(verdict(allow({ Condition: { Bool: { 'aws:ViaAWSService': 'true' } } }))).toBe('no identity policy');
  });

  it('is refused by any statement that denies it, the caller’s or the resource’s', () => {
    expect(verdict([...allow(), ...deny()])).toBe('explicit deny');
    expect(verdict(allow(), shared('other', deny({ Principal: '*' })))).toBe('explicit deny');
    expect(verdict(allow(), shared('other', deny({ Principal: { AWS: `${READER}-2` } })))).toBe('allowed');
    expect(verdict([...allow(), ...deny({ Condition: { Bool: { x: 'true' } } })])).toBe('allowed');
  });

  it('is about all but what NotAction and NotResource name', () => {
    expect(verdict([...allow(), ...deny({ Action: undefined, NotAction: 'dynamodb:PutItem' })])).toBe('explicit deny');
    expect(verdict([...allow(), ...deny({ Action: undefined, NotAction: 'dynamodb:*' })])).toBe('allowed');
    expect(verdict(allow({ Resource: undefined, NotResource: TABLE }))).toBe('no identity policy');
  });

  it('within an account needs the resource’s word only of keys and roles', () => {
    expect(verdict([], shared('other', allow(named)))).toBe('allowed');
    expect(verdict([], shared('other', allow(ofAccount)))).toBe('no identity policy');
    expect(verdict(allow(), shared('other', []))).toBe('allowed');
    for (const kind of ['key', 'trust'] as const) {
      expect(verdict(allow(), shared(kind, []))).toBe('no resource policy');
      expect(verdict(allow(), shared(kind, allow(ofAccount)))).toBe('allowed');
      expect(verdict([], shared(kind, allow(ofAccount)))).toBe('no identity policy');
      expect(verdict([], shared(kind, allow(named)))).toBe('allowed');
    }
  });

  it('of another account needs both sides', () => {
    const theirs = { account: ELSEWHERE };
    expect(verdict(allow(), undefined, theirs)).toBe('no resource policy');
    expect(verdict(allow(), shared('other', allow(named)), theirs)).toBe('allowed');
    expect(verdict(allow(), shared('other', allow(ofAccount)), theirs)).toBe('allowed');
    expect(verdict([], shared('other', allow(named)), theirs)).toBe('no identity policy');
    expect(verdict(allow(), shared('other', allow({ Principal: { AWS: ELSEWHERE } })), theirs)).toBe(
      'no resource policy',
    );
  });

  it('of a service needs the resource’s word', () => {
    const by = { service: 'events.amazonaws.com' };
    expect(verdict([], undefined, { by })).toBe('no resource policy');
    expect(verdict([], shared('other', allow({ Principal: { Service: 'events.amazonaws.com' } })), { by })).toBe(
      'allowed',
    );
    expect(verdict([], shared('other', allow({ Principal: { Service: 'sns.amazonaws.com' } })), { by })).toBe(
      'no resource policy',
    );
  });

  it('with principals of a kind that is not evaluated is an error', () => {
    const federated = shared('trust', allow({ Principal: { Federated: 'accounts.google.com' } }));
    expect(() => verdict(allow(), federated)).toThrow('Federated');
    expect(() => verdict(allow(), shared('other', allow({ NotPrincipal: { AWS: READER } })))).toThrow('NotPrincipal');
  });
});
