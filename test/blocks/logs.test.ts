import { describe, expect, test } from 'vitest';
import {
  inThreadText,
  type JobLogs,
  jobLogCsv,
  jobLogFileName,
  jobLogMessage,
  type LoggedEvent,
} from '../../blocks/logs.ts';
import { CARD_URL, expectAnswer, HOSTILE } from './sendable.ts';
import { anExecution, readable, START } from './views.ts';

const ACCOUNT = '111111111111';

function anEvent(event: string, differs: Partial<LoggedEvent> = {}): LoggedEvent {
  return { at: START, event, jobId: 'drsjob-1', accountId: ACCOUNT, ...differs };
}

function logs(events: LoggedEvent[], differs: Partial<JobLogs> = {}): JobLogs {
  return { execution: anExecution(), jobs: 1, events, unreadable: [], ...differs };
}

describe('the timeline', () => {
  test('tells each event in words, with the server and what went wrong', () => {
    const text = readable(
      jobLogMessage(
        logs([
          anEvent('JOB_START'),
          anEvent('CONVERSION_START', { hostname: 'hrp-001', resource: 'i-1' }),
          anEvent('LAUNCH_FAILED', { hostname: 'hrp-001', error: 'no capacity' }),
          anEvent('SOMETHING_NEW'),
        ]),
      ),
    );
    expect(text).toContain('4 events of 1 DRS job, *1 failure*.');
    expect(text).toContain(
      '`02:00:00` the job began\n`02:00:00` conversion began · *hrp-001* · i-1\n`02:00:00` ❌ launch failed · *hrp-001* · no capacity\n`02:00:00` SOMETHING_NEW',
    );
  });

  test('names the job of each event where there are several', () => {
    const events = [anEvent('JOB_START'), anEvent('JOB_START', { jobId: 'drsjob-2' })];
    expect(readable(jobLogMessage(logs(events)))).toContain('the job began · drsjob-2 in `111111111111`');
  });

  test('says which server it is about, and which logs could not be read', () => {
    const unreadable = [{ jobId: 'drsjob-9', accountId: ACCOUNT, reason: 'no role' }];
    const text = readable(jobLogMessage(logs([], { server: 'hrp-001', unreadable })));
    expect(text).toContain('DRS log: Drill HRP wave 1 · hrp-001');
    expect(text).toContain('drsjob-9 in `111111111111` could not be read: no role');
  });

  test('shows the failures alone where a file has the rest', () => {
    const events = [anEvent('JOB_START'), anEvent('SNAPSHOT_FAIL', { hostname: 'hrp-001' })];
    const text = readable(jobLogMessage(logs(events), 'drs-log.csv'));
    expect(text).toContain('All of them are in the file `drs-log.csv`');
    expect(text).toContain('snapshot failed');
    expect(text).not.toContain('the job began');
  });

  test('fits in a message, whatever the names', () => {
    const text = HOSTILE.repeat(9);
    const events = Array.from({ length: 200 }, (_, index) =>
      anEvent(text, { hostname: text, resource: text, error: text, jobId: String(index) }),
    );
    const unreadable = Array.from({ length: 50 }, () => ({ jobId: text, accountId: ACCOUNT, reason: text }));
    expectAnswer(jobLogMessage(logs(events, { server: text, unreadable }), 'drs-log.csv'));
  });
});

describe('the file', () => {
  test('has a name of its execution', () => {
    expect(jobLogFileName(anExecution())).toBe('drs-log-abcdef01.csv');
  });

  test('has every event on a line of its own, quoted where it must be', () => {
    const csv = jobLogCsv(
      logs([
        anEvent('JOB_START'),
        anEvent('LAUNCH_FAILED', { hostname: 'a,b', sourceServerId: 's-1', error: 'it said "no",\nloudly' }),
      ]),
    );
    expect(csv).toBe(
      'time,account,job,event,hostname,sourceServerId,resource,error\r\n' +
        '2026-03-02T02:00:00.000Z,111111111111,drsjob-1,JOB_START,,,,\r\n' +
        '2026-03-02T02:00:00.000Z,111111111111,drsjob-1,LAUNCH_FAILED,"a,b",s-1,,"it said ""no"",\nloudly"\r\n',
    );
  });

  test('runs nothing in a spreadsheet', () => {
    expect(jobLogCsv(logs([anEvent('X', { hostname: '=1+1' })]))).toContain(",'=1+1,");
    expect(jobLogCsv(logs([anEvent('X', { hostname: '\n=1+1' })]))).toContain(`,"'\n=1+1",`);
  });
});

test('who asked is told where it is', () => {
  expect(inThreadText('The audit', anExecution(), CARD_URL)).toBe(
    `The audit of Drill HRP wave 1 is in the <${CARD_URL}|thread of its card>.`,
  );
  expect(inThreadText('The audit', anExecution(), undefined)).toBe(
    'The audit of Drill HRP wave 1 is in the thread of its card.',
  );
});
