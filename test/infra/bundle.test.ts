import { createRequire } from 'node:module';
import path from 'node:path';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { deployedBundles } from '../../scripts/bundle.ts';
import { FUNCTIONS, type FunctionName } from '../../src/functions.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import { startSecretsManager } from '../../src/local/services/secrets-manager.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';

let directory = '';
const names = Object.keys(FUNCTIONS) as FunctionName[];
/** The files that went into each bundle, and its size. */
const bundles = new Map<string, { inputs: string[]; bytes: number }>();

beforeAll(async () => {
  const deployed = await deployedBundles();
  directory = deployed.directory;
  const { outputs } = deployed.metafile;
  for (const [file, { inputs, bytes }] of Object.entries(outputs)) {
    bundles.set(path.basename(path.dirname(file)), { inputs: Object.keys(inputs), bytes });
  }
});

describe('the bundled functions', () => {
  it('are those of the one list', () => {
    expect([...bundles.keys()].sort()).toEqual([...names].sort());
  });

  it('contain nothing of practice mode', () => {
    const local = [...bundles].flatMap(([name, { inputs }]) =>
      inputs.filter((file) => file.includes('src/local')).map((file) => `${name}: ${file}`),
    );
    expect(local).toEqual([]);
  });

  it.each(names)('%s loads, with a handler of two arguments', (name) => {
    const load = createRequire(path.join(directory, 'package.json'));
    const { handler } = load(`./${name}/index.js`) as { handler: unknown };
    // The Node 24 runtime refuses a handler with a callback.
    expect(handler).toBeInstanceOf(Function);
    expect(handler).toHaveLength(2);
  });

  it('stay small where somebody waits: slack-ingress', () => {
    // Each 100 kB take about 10 ms of the 3 s that Slack waits for a cold start. A tenth is YAML: what is wrong with a
    // typed plan is said at its field.
    expect(bundles.get('slack-ingress')?.bytes).toBeLessThan(1_200_000);
  });

  it('answer a signed request from Slack, although parts of Bolt are left out', async () => {
    const aws = simulatedAws();
    const secretsManager = closing(await startSecretsManager(aws.options));
    const signingSecret = 'signing-secret';
    secretsManager.put('slack', JSON.stringify({ botToken: 'xoxb-test', signingSecret }));
    vi.stubEnv('AWS_REGION', REGION);
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secretsManager.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const load = createRequire(path.join(directory, 'package.json'));
    const { create } = load('./slack-ingress/index.js') as typeof import('../../src/chat/ingress.ts');
    const answer = create({
      environment: {
        EXECUTION_TABLE: 'executions',
        RECOVERY_PLAN_TABLE: 'recovery-plans',
        PROTECTION_GROUP_TABLE: 'protection-groups',
        CONFIG_PATH: '/dr-chatops',
        SLACK_SECRET_ID: 'slack',
      },
      credentials: aws.identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`),
      now: Date.now,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    const request = (body: string, signedBody = body) => {
      const timestamp = Math.floor(Date.now() / 1_000);
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': slackSignature(signingSecret, timestamp, signedBody),
      };
      return { headers, body, isBase64Encoded: false } as unknown as APIGatewayProxyEventV2;
    };

    expect(await answer(request('ssl_check=1'))).toMatchObject({ statusCode: 200 });
    expect(await answer(request('ssl_check=1', 'ssl_check=2'))).toMatchObject({ statusCode: 401 });
  });
});
