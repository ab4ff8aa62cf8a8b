import { describe, expect, it, test } from 'vitest';
import {
  checkRecordOf,
  judgeStagingAccount,
  judgeTargetAccount,
  recordedEvents,
  type StagingAccountFacts,
  type TrailFacts,
  type TrailSelectors,
  worstOf,
} from '../../src/domain/account-check.ts';
import { definitionHash } from '../../src/domain/definition-hash.ts';

const REGION = 'us-east-2';
const trail = (differs: Partial<TrailFacts> = {}): TrailFacts => ({
  name: 'main',
  homeRegion: 'us-east-1',
  isMultiRegion: true,
  isOrganization: false,
  isLogging: { value: true },
  records: { value: { read: true, write: true } },
  ...differs,
});
const facts = (differs: Partial<StagingAccountFacts> = {}): StagingAccountFacts => ({
  accountId: '111111111111',
  region: REGION,
  roleArn: 'arn:aws:iam::111111111111:role/reader',
  maxServers: 300,
  drs: { value: { replicating: 250 } },
  executor: { value: { status: 'ACTIVE', definitionHash: 'same' } },
  trails: { value: [trail()] },
  ...differs,
});
const found = (differs: Partial<StagingAccountFacts>) =>
  judgeStagingAccount(facts(differs), 'same').findings.map(({ state, text }) => `${state}: ${text}`);

describe('which management events a trail records', () => {
  const advanced = (...selectors: Record<string, { Equals?: string[]; NotEquals?: string[] }>[]): TrailSelectors => ({
    AdvancedEventSelectors: selectors.map((fields) => ({
      FieldSelectors: Object.entries(fields).map(([Field, how]) => ({ Field, ...how })),
    })),
  });
  const management = { eventCategory: { Equals: ['Management'] } };

  it.each<[string, TrailSelectors, boolean, boolean]>([
    ['no selector', {}, true, true],
    ['a selector that says nothing', { EventSelectors: [{}] }, true, true],
    ['writing alone', { EventSelectors: [{ ReadWriteType: 'WriteOnly' }] }, false, true],
    [
      'one selector for each',
      { EventSelectors: [{ ReadWriteType: 'WriteOnly' }, { ReadWriteType: 'ReadOnly' }] },
      true,
      true,
    ],
    ['data events alone', { EventSelectors: [{ IncludeManagementEvents: false }] }, false, false],
    ['all but DRS', { EventSelectors: [{ ExcludeManagementEventSources: ['drs.amazonaws.com'] }] }, false, false],
    ['all but KMS', { EventSelectors: [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }] }, true, true],
    ['advanced: all', advanced(management), true, true],
    ['advanced: reading', advanced({ ...management, readOnly: { Equals: ['true'] } }), true, false],
    ['advanced: writing', advanced({ ...management, readOnly: { Equals: ['false'] } }), false, true],
    ['advanced: data', advanced({ eventCategory: { Equals: ['Data'] } }), false, false],
    [
      'advanced: all but DRS',
      advanced({ ...management, eventSource: { NotEquals: ['drs.amazonaws.com'] } }),
      false,
      false,
    ],
    [
      'advanced: by a field that we do not know',
      advanced({ ...management, eventName: { Equals: ['x'] } }),
      false,
      false,
    ],
  ])('%s', (_name, selectors, read, write) => {
    expect(recordedEvents(selectors)).toEqual({ read, write });
  });
});

describe('a staging account', () => {
  it('is well, and says what cannot be seen', () => {
    const failbackRoleArn = 'arn:aws:iam::111111111111:role/failback';
    expect(found({ failbackRoleArn })).toEqual([
      'ok: Role: reader can be assumed.',
      'ok: DRS: initialised, 250 of 300 servers replicate.',
      'ok: Executor: there, of the central stack’s version.',
      'ok: CloudTrail: DRS calls are recorded (main).',
      expect.stringMatching(/^skipped: Not seen from here: .*the first drill proves it.*; failback, which/),
    ]);
  });

  it('that does not let us in says everything that may be wrong with it, and nothing else', () => {
    const [only, ...more] = found({ refused: { why: 'not authorized', denied: true } });
    expect(more).toEqual([]);
    for (const cause of ['stack deployed', 'externalId', 'organizationId', 'service control policy']) {
      expect(only).toContain(cause);
    }
    expect(found({ refused: { why: 'connect ECONNREFUSED', denied: false } })).toEqual([
      'wrong: Role: reader could not be assumed: connect ECONNREFUSED. Validate it again.',
    ]);
  });

  it.each<[string, Partial<StagingAccountFacts>, RegExp]>([
    ['DRS not initialised', { drs: { value: 'not initialised' } }, /^wrong: DRS: not initialised in us-east-2\. Open/],
    [
      'too many servers',
      { drs: { value: { replicating: 301 } } },
      /^wrong: DRS: 301 of 300 servers replicate\. Extend/,
    ],
    [
      'DRS that is throttled',
      { drs: { unread: 'Rate exceeded' } },
      /^skipped: DRS: could not be read \(Rate exceeded\)/,
    ],
    ['no executor', { executor: { value: 'missing' } }, /^wrong: Executor: not there\. Deploy/],
    [
      'an executor that is being deleted',
      { executor: { value: { status: 'DELETING', definitionHash: 'same' } } },
      /^wrong: Executor: DELETING/,
    ],
    [
      'an executor of another version',
      { executor: { value: { status: 'ACTIVE', definitionHash: 'older' } } },
      /^warning: Executor: of another version \(older, the central stack has same\)\. Deploy/,
    ],
    [
      'a stack from before this was looked at',
      { executor: { unread: 'not authorized', denied: true } },
      /^wrong: Executor: the role may not look .*older than the central one/,
    ],
  ])('says %s', (_name, differs, expected) => {
    expect(found(differs)).toContainEqual(expect.stringMatching(expected));
  });

  it.each<[string, TrailFacts[], RegExp]>([
    ['no trail', [], /^wrong: CloudTrail: no trail covers us-east-2/],
    ['a trail of another Region alone', [trail({ isMultiRegion: false })], /^wrong: CloudTrail: no trail covers/],
    ['a trail of this Region alone', [trail({ isMultiRegion: false, homeRegion: REGION })], /^ok: CloudTrail/],
    ['a trail that does not log', [trail({ isLogging: { value: false } })], /^wrong: CloudTrail: main log no/],
    [
      'only writing',
      [trail({ records: { value: { read: false, write: true } } })],
      /^wrong: CloudTrail: only writing calls are recorded/,
    ],
    [
      'two trails that complete each other',
      [
        trail({ records: { value: { read: false, write: true } } }),
        trail({ records: { value: { read: true, write: false } } }),
      ],
      /^ok: CloudTrail: .*\(main, main\)/,
    ],
    [
      'a trail of the organisation whose selectors its members may not see',
      [trail({ isOrganization: true, records: { unread: 'AccountID in ARN is wrong' } })],
      /^skipped: CloudTrail: main of the organisation covers us-east-2; whether it logs, and what, cannot be read/,
    ],
    [
      'such a trail that is known not to log',
      [trail({ isLogging: { value: false }, records: { unread: 'wrong' } })],
      /^wrong: CloudTrail/,
    ],
  ])('with %s', (_name, trails, expected) => {
    expect(found({ trails: { value: trails } })).toContainEqual(expect.stringMatching(expected));
  });
});

test('a report is as bad as its worst finding, and that is what is kept of it', () => {
  const report = judgeStagingAccount(facts({ drs: { value: 'not initialised' } }), 'another');
  expect(worstOf(report)).toBe('wrong');
  expect(checkRecordOf(report, 5)).toEqual({
    kind: 'staging',
    accountId: '111111111111',
    regions: [REGION],
    validatedAt: 5,
    wrong: 1,
    warnings: 1,
  });
  const target = { accountId: '1', regions: [REGION], documentsRoleArn: 'a/documents', documents: 2 };
  expect(worstOf(judgeTargetAccount({ ...target, problems: [] }))).toBe('ok');
  expect(worstOf(judgeTargetAccount({ ...target, problems: ['There is no document A.'] }))).toBe('wrong');
});

test('a definition has one hash, however it is written, and another one when it does something else', () => {
  const written = '{"StartAt":"A","Comment":"for readers","States":{"A":{"Type":"Succeed"}}}';
  expect(definitionHash(written)).toBe(definitionHash('{"States": {"A": {"Type": "Succeed"}}, "StartAt": "A"}'));
  expect(definitionHash(written)).not.toBe(definitionHash(written.replace('Succeed', 'Fail')));
});
