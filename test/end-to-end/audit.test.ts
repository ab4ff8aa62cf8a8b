import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { type AuditRecord, readRecord, verifyChain } from '../../src/domain/audit-chain.ts';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { executionIdOf, startWorld } from './world.ts';

const personOf = (name: string) => ({
  userId: PEOPLE.find((person) => person.name === name)?.userId,
  teamId: WORKSPACE.teamId,
});

it('who asked, who was refused, who voted and what was decided stand in the bucket as one chain that nobody changes', async () => {
  const world = await startWorld();
  const { s3, auditBucket, identities } = world.practice;
  const start = world.clock.now();
  await world.says('reader', 'drill HRP wave 1');
  await world.says('requester', 'drill HRP wave 1');
  await world.untilAsked();
  const [card] = world.openGateCards();
  await world.presses('requester', 'approve', card);
  await world.presses('approver', 'approve', card);
  await world.untilStatus('completed');
  await world.drawn();

  const chainIn = (folder: string): AuditRecord[] =>
    s3
      .keys(auditBucket)
      .filter((key) => key.startsWith(`audit/${folder}/`))
      .map((key) => readRecord(s3.read(auditBucket, key)?.toString('utf8') ?? ''));
  const executionId = executionIdOf(world.cards()[0]);
  const chain = chainIn(`executions/${executionId}`);
  expect(verifyChain(chain)).toMatchObject({ intact: true, records: chain.length });

  const events = chain.map(({ event }) => event);
  const only = (kind: string) => {
    const found = events.filter((event) => event.kind === kind);
    expect(found.map((event) => event.kind)).toEqual([kind]);
    return found[0];
  };
  const planHash = only('preflight')?.planHash;
  expect(planHash).toMatch(/^[0-9a-f]{64}$/);
  expect(only('requested')).toMatchObject({ by: personOf('requester'), details: { application: 'HRP' } });
  const gateMessage = {
    channelId: WORKSPACE.channelId,
    ts: card?.ts,
    permalink: `https://slack.com/archives/${WORKSPACE.channelId}/p${card?.ts.replace('.', '')}`,
  };
  const atTheGate = { executionId, planHash, gateId: 'approval-1', message: gateMessage };
  expect(only('gate opened')).toMatchObject({ planHash, details: { policyVersion: expect.any(String), quorum: 1 } });
  expect(only('refused')).toMatchObject({ ...atTheGate, by: personOf('requester') });
  expect(only('vote')).toMatchObject({ ...atTheGate, by: personOf('approver'), details: { choice: 'approve' } });
  expect(only('decision')).toMatchObject({
    ...atTheGate,
    details: { status: 'approved', counted: [personOf('approver')] },
  });
  expect(only('wave ended')).toMatchObject({ planHash, details: { outcome: 'success' } });
  expect(only('ended')).toMatchObject({ details: { status: 'completed' } });
  for (const { time } of events) {
    // The stream's own times are whole seconds.
    expect(Date.parse(time)).toBeGreaterThanOrEqual(Math.floor(start / 1_000) * 1_000);
    expect(Date.parse(time)).toBeLessThanOrEqual(world.clock.now());
  }

  const [refused] = chainIn(`refused/${new Date(start).toISOString().slice(0, 10)}`);
  expect(refused?.event).toMatchObject({ kind: 'refused', by: personOf('reader') });
  expect(
    chainIn('configuration')
      .map(({ event }) => event.kind)
      .sort(),
  ).toEqual(['access changed', 'policies changed']);
  const gate = await world.table.item<{ bell?: { taskToken: string } }>(executionId, 'GATE#approval-1');
  const taskToken = gate?.bell?.taskToken ?? '';
  expect(taskToken).not.toBe('');
  const all = s3.keys(auditBucket).map((key) => s3.read(auditBucket, key)?.toString('utf8'));
  expect(all.join()).not.toContain(taskToken);

  const [Key = ''] = s3.keys(auditBucket);
  const before = s3.read(auditBucket, Key);
  for (const role of ['dr-chatops-audit', 'dr-chatops-slack-ingress', 'administrator']) {
    const credentials = identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/${role}`);
    const client = new S3Client({ credentials, forcePathStyle: true });
    const at = { Bucket: auditBucket, Key };
    await expect(client.send(new DeleteObjectCommand(at))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(client.send(new PutObjectCommand({ ...at, Body: '{}' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const again = client.send(new PutObjectCommand({ ...at, Body: '{}', IfNoneMatch: '*' }));
    await expect(again).rejects.toMatchObject({ name: expect.stringMatching(/^(AccessDenied|PreconditionFailed)$/) });
  }
  expect(s3.read(auditBucket, Key)).toEqual(before);
});
