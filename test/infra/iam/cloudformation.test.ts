import { describe, expect, it } from 'vitest';
import { at } from '../synthesized.ts';
import { deployedResources } from './cloudformation.ts';

const PLACE = { partition: 'aws', accountId: '111111111111', region: 'us-east-2' };

/** What a bucket's policy says as its resource, in a template with a bucket, a table and a topic. */
function resolved(value: unknown): unknown {
  const Resources = {
    Bucket: { Type: 'AWS::S3::Bucket' },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'history' } },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } },
    Odd: { Type: 'AWS::Odd::Thing' },
    Policy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: { Resource: value } },
    },
  };
  const [policy] = deployedResources({ Resources }, PLACE).filter(({ id }) => id === 'Policy');
  return at(policy?.properties, 'PolicyDocument', 'Resource');
}

describe('an intrinsic', () => {
  it.each([
    [{ Ref: 'AWS::AccountId' }, '111111111111'],
    [{ Ref: 'Topic' }, 'arn:aws:sns:us-east-2:111111111111:alarms'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-2:111111111111:table/history'],
    [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, '/*']] }, 'arn:aws:s3:::bucket/*'],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's
      { 'Fn::Sub': 'arn:${AWS::Partition}:x:${Table.Arn}' },
      'arn:aws:x:arn:aws:dynamodb:us-east-2:111111111111:table/history',
    ],
    [
      ['a', { Ref: 'Table' }],
      ['a', 'history'],
    ],
  ])('%j is what CloudFormation makes of it', (value, expected) => expect(resolved(value)).toEqual(expected));

  it.each([
    [{ Ref: 'Odd' }],
    [{ Ref: 'Nothing' }],
    [{ 'Fn::GetAtt': ['Table', 'Odd'] }],
    [{ 'Fn::ImportValue': 'other' }],
    [{ 'Fn::If': ['a', 'b', 'c'] }],
  ])('%j, which is not known, is an error', (value) => expect(() => resolved(value)).toThrow());
});
