import { beforeAll, describe, expect, it } from 'vitest';
import { planTables } from '../../src/local/plan-tables.ts';
import { allowedResources, at, exampleDeployment, synthesize, type View } from './synthesized.ts';

const TABLE = (name: string) => `arn:aws:dynamodb:us-east-2:900000000000:table/${name}`;

describe('the tables of recovery plans and protection groups', () => {
  let central: View;
  beforeAll(() => {
    ({ central } = synthesize(exampleDeployment()));
  });

  it.each(['recovery-plans', 'protection-groups'])('%s is as it is practised with, and cannot be lost', (name) => {
    const practised = planTables({ plans: 'recovery-plans', groups: 'protection-groups' }).find(
      ({ TableName }) => TableName === name,
    );
    central.template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: practised?.KeySchema,
        AttributeDefinitions: practised?.AttributeDefinitions,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    });
    const keys = central.all('AWS::DynamoDB::Table').map(({ Properties }) => at(Properties, 'SSESpecification'));
    expect(new Set(keys.map((key) => JSON.stringify(key))).size).toBe(1);
  });

  it('lets drafts expire; of what happened, only what says itself when it is needed no more', () => {
    const expiring = central
      .all('AWS::DynamoDB::Table')
      .filter(({ Properties }) => Properties.TimeToLiveSpecification !== undefined);
    expect(expiring.map(({ Properties }) => [Properties.TableName, Properties.TimeToLiveSpecification])).toEqual([
      ['execution-history', { AttributeName: 'removedAfter', Enabled: true }],
      ['recovery-plans', { AttributeName: 'expiresAt', Enabled: true }],
    ]);
  });

  it('are changed by slack-ingress alone, and nothing in them is ever deleted', () => {
    const mayPut = (table: string) =>
      central.roleNames.filter((role) =>
        central
          .rightsOf(role)
          .some(
            ({ actions, resources, conditions }) =>
              actions.some((action) => /dynamodb:(Put|Update|BatchWrite)/.test(action)) &&
              resources.includes(TABLE(table)) &&
              Object.keys(conditions).length === 0,
          ),
      );
    expect(mayPut('recovery-plans')).toEqual(['dr-chatops-slack-ingress']);
    expect(mayPut('protection-groups')).toEqual(['dr-chatops-slack-ingress']);
    const deleting = central.roleNames.filter(
      (role) => allowedResources(central.rightsOf(role), 'dynamodb:DeleteItem').length > 0,
    );
    expect(deleting).toEqual([]);
  });

  it('take drafts from answer-query, by their keys', () => {
    const drafts = central
      .rightsOf('dr-chatops-answer-query')
      .filter(
        ({ actions, resources }) => actions.includes('dynamodb:PutItem') && resources.includes(TABLE('recovery-plans')),
      );
    expect(drafts.map(({ conditions }) => conditions)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['#DRAFT#*'] } },
    ]);
  });
});
