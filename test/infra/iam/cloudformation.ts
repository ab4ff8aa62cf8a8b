import { secretSuffix } from '../../../src/local/services/secrets-manager.ts';

/** Where a stack is deployed. */
export interface Place {
  partition: string;
  accountId: string;
  region: string;
}

/** A resource of a template, with what CloudFormation does with it when it is removed. */
export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** A resource of a template with its intrinsics resolved. */
export interface ResolvedResource {
  id: string;
  type: string;
  properties: Record<string, unknown>;
  deletionPolicy: string | undefined;
}

/** What a resource is called: `Ref`, and the attributes that `Fn::GetAtt` gives. */
interface Named {
  ref: string;
  attributes: Readonly<Record<string, string>>;
}

type Naming = (about: { id: string; properties: Record<string, unknown>; arn: ArnOf }) => Named;
type ArnOf = (service: string, resource: string) => string;

/**
 * Names of buckets are CloudFormation's to make. Here they are those of practice mode, whose calls are evaluated.
 */
const BUCKETS: readonly (readonly [RegExp, string])[] = [
  [/^Results/, 'dr-chatops-results'],
  [/^Audit/, 'dr-chatops-audit'],
];

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** By type: the names that a deployment gives, as CloudFormation's reference has them. */
const NAMES: Readonly<Record<string, Naming>> = {
  'AWS::IAM::Role': ({ id, properties, arn }) => {
    const name = text(properties.RoleName, id);
    return { ref: name, attributes: { Arn: arn('iam', `role/${name}`) } };
  },
  'AWS::Lambda::Function': ({ id, properties, arn }) => {
    const name = text(properties.FunctionName, id);
    return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  },
  'AWS::Lambda::Version': ({ properties, arn }) => {
    const name = text(properties.FunctionName, '');
    return {
      ref: arn('lambda', `function:${name}:1`),
      attributes: { FunctionArn: arn('lambda', `function:${name}:1`) },
    };
  },
  'AWS::DynamoDB::Table': ({ id, properties, arn }) => {
    const name = text(properties.TableName, id);
    const table = arn('dynamodb', `table/${name}`);
    return { ref: name, attributes: { Arn: table, StreamArn: `${table}/stream/2026-01-01T00:00:00.000` } };
  },
  'AWS::S3::Bucket': ({ id, properties, arn }) => {
    const known = BUCKETS.find(([pattern]) => pattern.test(id))?.[1];
    const name = text(properties.BucketName, known ?? id.toLowerCase());
    return { ref: name, attributes: { Arn: arn('s3', name) } };
  },
  'AWS::KMS::Key': ({ id, arn }) => ({ ref: id, attributes: { Arn: arn('kms', `key/${id}`), KeyId: id } }),
  'AWS::SecretsManager::Secret': ({ id, properties, arn }) => {
    const name = text(properties.Name, id);
    return { ref: arn('secretsmanager', `secret:${name}-${secretSuffix(name)}`), attributes: {} };
  },
  'AWS::SQS::Queue': ({ id, properties, arn }) => {
    const name = text(properties.QueueName, id);
    return { ref: `https://sqs.amazonaws.com/${name}`, attributes: { Arn: arn('sqs', name), QueueName: name } };
  },
  'AWS::SNS::Topic': ({ id, properties, arn }) => {
    const name = text(properties.TopicName, id);
    return { ref: arn('sns', name), attributes: { TopicName: name, TopicArn: arn('sns', name) } };
  },
  'AWS::Events::EventBus': ({ id, properties, arn }) => {
    const name = text(properties.Name, id);
    return { ref: name, attributes: { Name: name, Arn: arn('events', `event-bus/${name}`) } };
  },
  'AWS::Events::Rule': ({ id, properties, arn }) => {
    const bus = properties.EventBusName === undefined ? '' : `${text(properties.EventBusName, '')}/`;
    return { ref: id, attributes: { Arn: arn('events', `rule/${bus}${text(properties.Name, id)}`) } };
  },
  'AWS::Logs::LogGroup': ({ id, properties, arn }) => {
    const name = text(properties.LogGroupName, id);
    return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
  },
  'AWS::StepFunctions::StateMachine': ({ id, properties, arn }) => {
    const name = text(properties.StateMachineName, id);
    const machine = arn('states', `stateMachine:${name}`);
    return { ref: machine, attributes: { Arn: machine, Name: name } };
  },
  'AWS::ApiGatewayV2::Api': ({ id }) => ({ ref: id.toLowerCase(), attributes: {} }),
};

/** Services whose ARNs have no Region, and of these the one whose ARNs have no account either. */
const GLOBAL = ['iam', 's3'];

/**
 * The resources of a template as they are deployed: every intrinsic replaced by what it gives.
 * @throws for an intrinsic, or a name of a type, that is not known here
 */
export function deployedResources(template: unknown, place: Place): ResolvedResource[] {
  const { Resources } = template as { Resources: Record<string, TemplateResource> };
  const named = new Map<string, Named>();

  const arn: ArnOf = (service, resource) => {
    const region = GLOBAL.includes(service) ? '' : place.region;
    return `arn:${place.partition}:${service}:${region}:${service === 's3' ? '' : place.accountId}:${resource}`;
  };

  function nameOf(id: string): Named {
    const known = named.get(id);
    if (known !== undefined) return known;
    const resource = Resources[id];
    const naming = NAMES[resource?.Type ?? ''];
    if (resource === undefined || naming === undefined) throw new Error(`${id} (${resource?.Type}) has no name here`);
    // Names are simple; policies, which may refer back, are not among them.
    const nameable = Object.entries(resource.Properties ?? {}).filter(([key]) => /Name$/.test(key));
    const properties = Object.fromEntries(nameable.map(([key, value]) => [key, resolve(value)]));
    const made = naming({ id, properties, arn });
    named.set(id, made);
    return made;
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const [[intrinsic, given] = ['', undefined], ...more] = Object.entries(value);
    if (more.length > 0 || !/^(Ref|Fn::|Condition$)/.test(intrinsic)) {
      // `Condition` alone is a member of a statement.
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
    }
    if (intrinsic === 'Ref') return reference(String(given));
    if (intrinsic === 'Fn::GetAtt') return attribute(given as [string, string]);
    if (intrinsic === 'Fn::Join') {
      const [separator, parts] = given as [string, unknown[]];
      return parts.map((part) => String(resolve(part))).join(separator);
    }
    if (intrinsic === 'Fn::Sub' && typeof given === 'string') {
      return given.replace(/\$\{([^}!]+)\}/g, (_, name: string) =>
        name.includes('.') ? attribute(name.split('.') as [string, string]) : reference(name),
      );
    }
    throw new Error(`the intrinsic ${intrinsic} is not resolved: ${JSON.stringify(value)}`);
  }

  function reference(name: string): string {
    const pseudo: Readonly<Record<string, string>> = {
      'AWS::Partition': place.partition,
      'AWS::Region': place.region,
      'AWS::AccountId': place.accountId,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return pseudo[name] ?? nameOf(name).ref;
  }

  function attribute([id, name]: [string, string]): string {
    const value = nameOf(id).attributes[name];
    if (value === undefined) throw new Error(`${id} (${Resources[id]?.Type}) has no attribute ${name} here`);
    return value;
  }

  /** Only what policies and checks look at: elsewhere there may be what has no name here. */
  function tolerant(value: unknown): unknown {
    try {
      return resolve(value);
    } catch {
      return value;
    }
  }

  return Object.entries(Resources).map(([id, { Type, Properties = {}, DeletionPolicy }]) => ({
    id,
    type: Type,
    properties: isPolicy(Type)
      ? (resolve(Properties) as Record<string, unknown>)
      : Object.fromEntries(Object.entries(Properties).map(([key, value]) => [key, tolerant(value)])),
    deletionPolicy: DeletionPolicy,
  }));
}

/** What has to be resolved whole. */
function isPolicy(type: string): boolean {
  return /Policy$|^AWS::IAM::|^AWS::KMS::Key$|^AWS::Lambda::Permission$/.test(type);
}
