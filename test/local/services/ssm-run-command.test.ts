import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, REGION } from '../../../src/local/accounts.ts';
import { startSsm } from '../../../src/local/services/ssm.ts';
import type { ManagedNode } from '../../../src/local/services/ssm-run-command.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

const [LINUX, WINDOWS, LOST] = ['i-0000000000000000a', 'i-0000000000000000b', 'i-0000000000000000c'];
const NODES: ManagedNode[] = [
  { instanceId: LINUX ?? '', platform: 'Linux', isOnline: true },
  { instanceId: WINDOWS ?? '', platform: 'Windows', isOnline: true },
  { instanceId: LOST ?? '', platform: 'Linux', isOnline: false },
];

async function world() {
  const aws = simulatedAws();
  const nodes = (accountId: string, region: string) =>
    accountId === CENTRAL_ACCOUNT && region === REGION ? NODES : [];
  const ssm = closing(await startSsm({ ...aws.options, nodes }));
  const client = new SSMClient(aws.client(ssm.url));
  const send = async (ids: (string | undefined)[], differs: Partial<SendCommandCommandInput> = {}) => {
    const { Command } = await client.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPowerShellScript',
        InstanceIds: ids.flatMap((id) => id ?? []),
        Parameters: { commands: ['hostname'] },
        Comment: 'ours',
        ...differs,
      }),
    );
    return Command?.CommandId;
  };
  const statusesOf = async (CommandId: string | undefined) => {
    const { CommandInvocations } = await client.send(new ListCommandInvocationsCommand({ CommandId, Details: true }));
    return CommandInvocations?.map(({ Status, CommandPlugins }) => [Status, CommandPlugins?.[0]?.ResponseCode]);
  };
  return { ...aws, ssm, client, send, statusesOf };
}

it('a command runs on each of its nodes for a while, and fails where it is made to', async () => {
  const { send, statusesOf, clock, ssm } = await world();
  ssm.runCommand.failNext(1, WINDOWS);
  const id = await send([LINUX, WINDOWS]);
  expect(await statusesOf(id)).toEqual([
    ['InProgress', undefined],
    ['InProgress', undefined],
  ]);
  await clock.advance(10_000);
  expect(await statusesOf(id)).toEqual([
    ['Success', 0],
    ['Failed', 1],
  ]);
});

it('commands are listed by when they were sent, the newest first, for their own account', async () => {
  const { send, client, clock, ssm, stagingClient } = await world();
  await send([LINUX]);
  await clock.advance(60_000);
  const value = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  await send([WINDOWS], { Comment: 'later' });
  const list = async (from: SSMClient, Filters?: { key: 'InvokedAfter'; value: string }[]) =>
    (await from.send(new ListCommandsCommand({ Filters }))).Commands?.map(({ Comment }) => Comment);
  expect(await list(client)).toEqual(['later', 'ours']);
  expect(await list(client, [{ key: 'InvokedAfter', value }])).toEqual(['later']);
  expect(await list(new SSMClient(stagingClient(ssm.url)))).toEqual([]);
});

it('nodes are known with whether their agent answers', async () => {
  const { client } = await world();
  const Filters = [{ Key: 'InstanceIds', Values: [LINUX ?? '', LOST ?? '', 'i-0000000000000000d'] }];
  const { InstanceInformationList } = await client.send(new DescribeInstanceInformationCommand({ Filters }));
  expect(InstanceInformationList?.map(({ InstanceId, PingStatus }) => [InstanceId, PingStatus])).toEqual([
    [LINUX, 'Online'],
    [LOST, 'ConnectionLost'],
  ]);
});

it.each([
  ['a node without an agent', [LINUX, LOST], {}, 'InvalidInstanceId'],
  ['an unknown node', ['i-0000000000000000d'], {}, 'InvalidInstanceId'],
  ['an unknown document', [LINUX], { DocumentName: 'Nothing' }, 'InvalidDocument'],
  ['a missing parameter', [LINUX], { Parameters: {} }, 'InvalidParameters'],
  ['another platform', [WINDOWS], { DocumentName: 'AWS-RunShellScript' }, 'UnsupportedPlatformType'],
  ['too many nodes', Array<string>(51).fill(LINUX ?? ''), {}, 'ValidationException'],
])('%s is refused', async (_, ids, differs, name) => {
  const { send } = await world();
  await expect(send(ids, differs)).rejects.toMatchObject({ name });
});

it('documents are described, those of Run Command and runbooks alike', async () => {
  const { client, ssm } = await world();
  const mainSteps = [{ name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT1S' } }];
  ssm.automation.createDocument('Recover', { schemaVersion: '0.3', mainSteps });
  ssm.runCommand.createDocument('Check', [], CENTRAL_ACCOUNT);
  const typeOf = async (Name: string, DocumentVersion?: string) =>
    (await client.send(new DescribeDocumentCommand({ Name, DocumentVersion }))).Document?.DocumentType;
  expect([await typeOf('Recover', '1'), await typeOf('Check'), await typeOf('AWS-RunShellScript')]).toEqual([
    'Automation',
    'Command',
    'Command',
  ]);
  await expect(typeOf('Nothing')).rejects.toMatchObject({ name: 'InvalidDocument' });
  await expect(typeOf('Recover', '2')).rejects.toMatchObject({ name: 'InvalidDocumentVersion' });
});

it.each([
  ['denied', 'AccessDeniedException', 0],
  ['throttled', 'ThrottlingException', 0],
  ['broken', 'InternalServerError', 0],
  ['lost', 'InternalServerError', 1],
] as const)('a call that is %s', async (how, name, done) => {
  const { ssm, send } = await world();
  ssm.failCalls('SendCommand', 1, how);
  await expect(send([LINUX])).rejects.toMatchObject({ name });
  expect(ssm.runCommand.sent).toHaveLength(done);
  await send([LINUX]);
  expect(ssm.runCommand.sent).toHaveLength(done + 1);
});
