import { StartRecoveryCommand } from '@aws-sdk/client-drs';
import { expect, it } from 'vitest';
import { MOST_COMPLETED_JOBS } from '../../../src/local/aws/drs/jobs.ts';
import { Identities, MOST_SESSIONS } from '../../../src/local/aws/identities.ts';
import { ACCOUNT, awsWorld, startList } from './aws-world.ts';

it('DRS keeps the newest completed jobs of an account, and never gives an id twice', async () => {
  const world = await awsWorld();
  const [server] = world.addServers(1);
  if (server === undefined) throw new Error('no server');
  const { jobs } = world.drs;
  const ids = new Set<string>();
  for (let started = 0; started < MOST_COMPLETED_JOBS + 5; started += 1) {
    ids.add(jobs.startLaunch(ACCOUNT, [{ server }], { isDrill: true, tags: {} }).jobId);
    await world.finishJobs();
  }
  expect(ids.size).toBe(MOST_COMPLETED_JOBS + 5);
  expect(jobs.list(ACCOUNT).map(({ jobId }) => jobId)).toEqual([...ids].slice(5));
});

it('EC2 forgets terminated machines once it shows them no more; instance ids stay different', async () => {
  const world = await awsWorld();
  const servers = world.addServers(1);
  const launched = new Set<string>();
  for (let launch = 0; launch < 4; launch += 1) {
    await world.drsClient().send(new StartRecoveryCommand({ isDrill: true, sourceServers: startList(servers) }));
    await world.finishJobs();
    for (const { instanceId } of world.fleet.ec2Instances(ACCOUNT)) launched.add(instanceId);
    await world.clock.advance(2 * 3_600_000);
  }
  expect(launched.size).toBe(4);
  expect(world.fleet.ec2Instances(ACCOUNT)).toHaveLength(1);
  expect(world.fleet.machinesHeld(ACCOUNT)).toBeLessThanOrEqual(2);
});

it('the oldest sessions end when there are too many; keys of functions and machines stay good', () => {
  const identities = new Identities();
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/executor`;
  const signer = (accessKeyId: string) => identities.signer(`AWS4-HMAC-SHA256 Credential=${accessKeyId}/x`);
  const own = identities.forRole(roleArn);
  const sessions = Array.from({ length: MOST_SESSIONS + 1 }, () => identities.issue({ accountId: ACCOUNT, roleArn }));
  expect(signer(sessions[0]?.accessKeyId ?? '')).toBeUndefined();
  expect(signer(sessions[1]?.accessKeyId ?? '')).toEqual({ accountId: ACCOUNT, roleArn });
  expect(signer(own.accessKeyId)).toEqual({ accountId: ACCOUNT, roleArn });
});
