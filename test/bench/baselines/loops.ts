import { type Bench, recovery, type StartedJob, type Waves } from './recovery.ts';

/** Seeds 4 and 5: "30-second wait between polling attempts". */
const WAIT_MS = 30_000;
/** Seed 5: "execution-finder-schedule: Every 1 minute". */
const FINDER_MS = 60_000;

/** A way to run waves one after the other; resolves at the end of the last. */
export type Loop = (bench: Bench, waves: Waves) => Promise<void>;

/**
 * Seed 5's state machine (and seed 4's, which retries its monitor every 30 seconds): execute the wave, look whether it is
 * complete, else wait and look again. Each look is an invocation that assumes each account's role.
 */
export const waitAndPoll: Loop = async (bench, waves) => {
  const { pass, note } = bench;
  const drs = recovery(bench);
  await begin(bench, waves, drs);
  for (const wave of waves) {
    // CheckPauseConfiguration, ExecuteWave.
    note('state transitions', 2);
    note('lambda');
    const jobs = await drs.start(wave);
    note('dynamodb');
    for (;;) {
      // MonitorWaveCompletion, CheckWaveStatus.
      note('state transitions', 2);
      note('lambda');
      if (await drs.isOver(jobs)) break;
      // WaitAndPoll.
      note('state transitions');
      await pass(WAIT_MS);
    }
    // WaveCompleted.
    note('state transitions');
    note('lambda');
    await drs.readInstances(wave);
    note('dynamodb');
  }
  // FinalizeExecution, ExecutionCompleted.
  note('state transitions', 2);
  note('lambda');
  note('dynamodb');
};

/**
 * Seed 5's "Real-Time Polling Architecture": every minute a finder queries what is being polled and invokes a poller for it,
 * which looks at the jobs and stores what it saw. When the wave is over it starts the next one at once, which is more than
 * the seed says.
 */
export const finderAndPoller: Loop = async (bench, waves) => {
  const { now, pass, note } = bench;
  const drs = recovery(bench);
  await begin(bench, waves, drs);
  const start = async (index: number): Promise<StartedJob[]> => {
    note('lambda');
    const jobs = await drs.start(waves[index] ?? []);
    note('dynamodb');
    return jobs;
  };
  let index = 0;
  let jobs = await start(index);
  while (index < waves.length) {
    // The schedule's own minutes, whenever the execution began.
    await pass(FINDER_MS - (now() % FINDER_MS));
    // The finder with its query; the poller with what it stores, and its metrics.
    note('lambda', 2);
    note('dynamodb', 2);
    note('cloudwatch');
    if (!(await drs.isOver(jobs))) continue;
    await drs.readInstances(waves[index] ?? []);
    index += 1;
    if (index < waves.length) jobs = await start(index);
  }
  note('dynamodb');
};

/** ValidateRecoveryPlan, InitializeExecution, and the servers by their tags. */
async function begin({ note }: Bench, waves: Waves, drs: ReturnType<typeof recovery>): Promise<void> {
  note('state transitions', 3);
  note('lambda', 2);
  note('dynamodb', 2);
  await drs.discover([...new Set(waves.flat().map(({ accountId }) => accountId))]);
}
