import { describe, expect, it } from 'vitest';
import { archive } from '../../src/chat/archive.ts';
import type { Asked } from '../../src/chat/asked.ts';
import { cancel, pause, resumeMachine } from '../../src/chat/steer.ts';
import type { ChatTools } from '../../src/chat/tools.ts';
import type { Access, Person } from '../../src/domain/access.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { anExecution, START } from '../blocks/views.ts';

const TEAM = 'T0PRACTICE1';
const HRP_ONLY = { userId: 'U0HRPONLY01', teamId: TEAM };
const OF_BOTH = { userId: 'U0OFBOTH001', teamId: TEAM };
const ACCESS: Access = {
  teamId: TEAM,
  grants: [
    { role: 'DRSRecoveryManager', users: [HRP_ONLY.userId], applications: ['HRP'] },
    { role: 'DRSRecoveryManager', users: [OF_BOTH.userId] },
  ],
};

/** An execution of HRP's recovery plan, which recovers Web, too. */
const execution = (differs: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  anExecution({ status: 'executing', otherApplications: ['Web'], ...differs });

/** What was recorded of what somebody wanted. */
function world(stored = execution()) {
  const recorded: string[] = [];
  const records = (what: string) => async () => recorded.push(what) > 0;
  const tools = {
    store: {
      findExecution: async () => [stored],
      getExecution: async () => stored,
      getMessage: async () => undefined,
      getGates: async () => [],
      requestCancel: records('cancel'),
      requestPause: records('pause'),
      requestResume: records('resume'),
      archive: records('archive'),
      unarchive: records('unarchive'),
    },
    directory: { standingOf: async () => 'member', access: async () => ACCESS },
    audit: { refused: async () => {} },
    now: () => START,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as ChatTools;
  return { tools, recorded };
}

describe('an execution of several applications', () => {
  it.each([
    ['cancel', cancel],
    ['pause', pause],
    ['resume', resumeMachine],
  ] as const)('is no one’s to %s who may decide about one of them only', async (word, steer) => {
    const { tools, recorded } = world();
    expect(await steer(tools, { person: HRP_ONLY, execution: execution() })).toContain(`${word} executions of Web`);
    expect(recorded).toEqual([]);
    await steer(tools, { person: OF_BOTH, execution: execution() });
    expect(recorded).toEqual([word]);
  });

  it('may be cancelled by who asked for it', async () => {
    const { tools, recorded } = world();
    await cancel(tools, { person: execution().requester, execution: execution() });
    expect(recorded).toEqual(['cancel']);
  });

  it('is archived by who may decide about all of them', async () => {
    const over = execution({ status: 'completed' });
    const { tools, recorded } = world(over);
    const wanted = { kind: 'archive', execution: over.executionId } as const;
    const by = (asker: Person) => ({ asker, text: 'archive' }) as Asked;
    expect(await archive(tools, by(HRP_ONLY), wanted)).toContain('archive executions of Web');
    await archive(tools, by(OF_BOTH), wanted);
    expect(recorded).toEqual(['archive']);
  });
});
