import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';

const RUNBOOK = path.join(import.meta.dirname, '../runbooks/recover-servers.json');

/** What the runbook's placeholders stand for. */
export interface RunbookValues {
  /** ARN of the role that it runs with. */
  readonly RunbookRole: string;
  /** ARN of the recovery component. */
  readonly DrsOrchestrationMain: string;
  /** Name of the execution-history table. */
  readonly ExecutionTable: string;
}

/** The runbook with its placeholders filled in: the content of the SSM document, and what tests run. */
export function runbookContent(values: RunbookValues): unknown {
  const text = readFileSync(RUNBOOK, 'utf8').replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    const value = (values as unknown as Record<string, string>)[name];
    if (value === undefined) throw new Error(`nothing stands for ${placeholder} of the runbook`);
    return value;
  });
  return JSON.parse(text);
}

export interface RecoveryRunbookProps {
  readonly names: Names;
  /** Key of the execution-history table and of the recovery component. */
  readonly key: IKey;
}

/** The SSM Automation runbook that calls the recovery component, with a role of its own. It has no assets. */
export class RecoveryRunbook extends Construct {
  constructor(scope: Construct, id: string, { names, key }: RecoveryRunbookProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      roleName: names.runbookName,
      description: 'The SSM Automation runbook that calls the recovery component',
      // Only for Automation of this account, so that it cannot be made to use the role for somebody else.
      assumedBy: new ServicePrincipal('ssm.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': names.arn('ssm', names.centralAccount, 'automation-execution/*') },
        },
      }),
      inlinePolicies: {
        Needs: new PolicyDocument({
          statements: [
            allow(['states:StartExecution'], [names.machineArn('drs-orchestration-main')]),
            allow(
              ['states:DescribeExecution', 'states:StopExecution'],
              [names.machineExecutionsArn('drs-orchestration-main')],
            ),
            // What the run was given and what came of it, when Automation reads it.
            allow(['kms:Decrypt'], [key.keyArn], {
              StringEquals: {
                'kms:ViaService': `states.${names.region}.amazonaws.com`,
                'kms:EncryptionContext:aws:states:stateMachineArn': names.machineArn('drs-orchestration-main'),
              },
            }),
            // What is stored of direct calls, and nothing else of the table.
            allow(['dynamodb:Query'], [names.tableArn], {
              'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['run-*'] },
            }),
            allow(['kms:Decrypt'], [key.keyArn], {
              StringEquals: { 'kms:ViaService': `dynamodb.${names.region}.amazonaws.com` },
            }),
          ],
        }),
      },
    });
    new CfnDocument(this, 'Document', {
      name: names.runbookName,
      documentType: 'Automation',
      documentFormat: 'JSON',
      // A changed document is a new version instead of a new document, for which the name would be taken.
      updateMethod: 'NewVersion',
      content: runbookContent({
        RunbookRole: role.roleArn,
        DrsOrchestrationMain: names.machineArn('drs-orchestration-main'),
        ExecutionTable: names.tableName,
      }),
    });
  }
}
