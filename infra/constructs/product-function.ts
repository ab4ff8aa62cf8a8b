import path from 'node:path';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../src/functions.ts';
import type { Names } from '../names.ts';
import type { FunctionNeeds } from './function-needs.ts';
import { allow } from './grant.ts';

export interface ProductFunctionProps {
  readonly functionName: FunctionName;
  readonly names: Names;
  /** Directory in which `scripts/bundle.ts` has put a directory for each function. */
  readonly functionsDirectory: string;
  readonly needs: FunctionNeeds;
  /** Encrypts its log and its settings. */
  readonly key: IKey;
  /** How long its log is kept, in days. */
  readonly logDays: number;
  /**
   * Runs at the same time that are kept for it, and that are the most it can have.
   *
   * @default - what the account has left
   */
  readonly reservedConcurrency?: number;
  /**
   * Where it stands, to reach private addresses. From there it has to reach AWS, too.
   *
   * @default - in no network of ours
   */
  readonly network?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
}

/** One function of the product, with its log and a role of its own that allows what it needs and nothing else. */
export class ProductFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: ProductFunctionProps) {
    super(scope, id);
    const { functionName, names, functionsDirectory, needs, network, key, logDays, reservedConcurrency } = props;
    const name = names.centralName(functionName);

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: logDays,
      encryptionKey: key,
      // Unlike RETAIN it leaves nothing behind when the first deployment is rolled back: the name would be taken.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const role = new Role(this, 'Role', {
      // Staging accounts trust the role by this name.
      roleName: name,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Needs: new PolicyDocument({
          statements: [
            ...needs.grants.flatMap((grant) => grant.statements),
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
            // X-Ray has no resource types for these.
            allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
            settingsRead(key, names.functionArn(functionName)),
            ...(network === undefined ? [] : networkInterfaces(names.functionArn(functionName))),
          ],
        }),
      },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: needs.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(path.join(functionsDirectory, functionName)),
      role: role.withoutPolicyUpdates(),
      memorySize: needs.memoryMb,
      timeout: needs.timeout,
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environmentEncryption: key,
      reservedConcurrentExecutions: reservedConcurrency,
      environment: {
        POWERTOOLS_SERVICE_NAME: functionName,
        // By it texts name their own command, and metrics have their own namespace.
        ...(names.environment === undefined ? {} : { DEPLOYMENT_ENVIRONMENT: names.environment }),
        ...Object.fromEntries(needs.grants.flatMap((grant) => Object.entries(grant.settings ?? {}))),
      },
      // A running execution goes on with the versions that its definition names, whatever is deployed meanwhile.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    if (network !== undefined) {
      const { subnetIds, securityGroupIds } = network;
      const resource = this.lambda.node.defaultChild as CfnFunction;
      // By ids: CDK's own VPC would be looked up in the account at synthesis.
      resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
    }
  }
}

/**
 * What Lambda does with the function's role when an instance of it begins: it reads the settings, with the function as
 * encryption context (Lambda developer guide, "Securing environment variables"; CloudTrail shows the context), for a version
 * with or without its number.
 */
function settingsRead(key: IKey, functionArn: string): PolicyStatement {
  return allow(['kms:Decrypt'], [key.keyArn], {
    StringLike: { 'kms:EncryptionContext:aws:lambda:FunctionArn': [functionArn, `${functionArn}:*`] },
  });
}

/**
 * What Lambda does with the function's role to put it into a network (AWSLambdaVPCAccessExecutionRole), and that the
 * function's own code cannot do it (Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC").
 */
function networkInterfaces(functionArn: string): PolicyStatement[] {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  return [
    allow(actions, ['*']),
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    }),
  ];
}
