import { describe, expect, it } from 'vitest';
import { readRequest } from '../../src/requests/request.ts';

const DRILL = { action: 'drill', tags: { 'DR-Wave': '1' }, metadata: { correlationId: 'drill-1' } };

describe('a machine’s request', () => {
  it('is the component’s input with the entrance’s own fields beside it', () => {
    const request = readRequest({ ...DRILL, taskToken: 'token', channelId: 'C0INCIDENT1' });
    expect(request).toMatchObject({
      input: { action: 'drill', tags: DRILL.tags, metadata: DRILL.metadata },
      correlationId: 'drill-1',
      taskToken: 'token',
      channelId: 'C0INCIDENT1',
    });
    expect(JSON.stringify(request.input)).not.toContain('token');
  });

  it('names one wave by a tag or several by number, in ascending order and each once', () => {
    expect(readRequest(DRILL)).toMatchObject({ waves: [1], pauseBefore: [] });
    expect(readRequest({ ...DRILL, tags: { 'DR-Tier': 'Critical' } })).toMatchObject({ waves: [] });
    const tags = { 'DR-Application': 'HRP' };
    expect(readRequest({ ...DRILL, tags, waves: [3, 1, 3], pauseBefore: [3] })).toMatchObject({
      input: { tags },
      waves: [1, 3],
      pauseBefore: [3],
    });
    // One wave is selected by its tag, however it was named.
    expect(readRequest({ ...DRILL, tags, waves: [2] })).toMatchObject({
      input: { tags: { 'DR-Wave': '2' } },
      waves: [2],
    });
  });

  it.each([
    ['waves of no application', { tags: { 'DR-Tier': 'Critical' }, waves: [1, 2] }, /^waves: .*DR-Application/],
    [
      'waves beside the tag of one',
      { tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' }, waves: [1, 2] },
      /DR-Wave out/,
    ],
    ['a pause before a wave that it does not name', { pauseBefore: [2] }, /^pauseBefore: the request has no wave 2\./],
    ['no wave', { tags: { 'DR-Application': 'HRP' }, waves: [] }, /waves/],
    ['wave 0', { tags: { 'DR-Application': 'HRP' }, waves: [0, 1] }, /waves/],
  ])('with %s is refused', (_, wrong, message) => {
    expect(() => readRequest({ ...DRILL, ...wrong })).toThrow(message);
  });

  it('of a drill may say after how many hours its instances are ended', () => {
    expect(readRequest({ ...DRILL, cleanUpAfterHours: 4 })).toMatchObject({ cleanUpAfterHours: 4 });
    expect(readRequest(DRILL)).not.toHaveProperty('cleanUpAfterHours');
    for (const cleanUpAfterHours of [0, 169, 1.5, '4']) {
      expect(() => readRequest({ ...DRILL, cleanUpAfterHours })).toThrow(/cleanUpAfterHours/);
    }
    expect(() => readRequest({ ...DRILL, action: 'failover', cleanUpAfterHours: 4 })).toThrow(/only a drill’s/);
  });

  it('is for at least one server: to ask for none is a mistake that must show', () => {
    expect(readRequest(DRILL).input.options.minServers).toBe(1);
    expect(readRequest({ ...DRILL, options: { minServers: 5 } }).input.options.minServers).toBe(5);
  });

  it('may be an event of EventBridge, whose id tells it from others', () => {
    const { metadata: _, ...detail } = DRILL;
    const event = { version: '0', id: 'event-1', 'detail-type': 'Recovery Requested', source: 'ops', detail };
    expect(readRequest(event)).toMatchObject({ input: { action: 'drill' }, correlationId: 'event-1' });
    expect(readRequest({ ...event, detail: DRILL }).correlationId).toBe('drill-1');
  });

  it.each([
    ['nothing', undefined, /The request is not valid/],
    ['an unknown field', { ...DRILL, wave: 1 }, /wave/],
    ['a contradiction', { ...DRILL, options: { isDrill: false } }, /the action alone decides/],
    ['a status', { ...DRILL, action: 'status' }, /status changes nothing and needs no request/],
    ['no correlation id', { ...DRILL, metadata: {} }, /metadata.correlationId: .*another one for each request/],
    ['a correlation id that is no text', { ...DRILL, metadata: { correlationId: 7 } }, /metadata.correlationId/],
    ['an empty token', { ...DRILL, taskToken: '' }, /taskToken/],
    ['a channel’s name', { ...DRILL, channelId: '#incident' }, /channelId: a Slack channel id begins with C or G/],
    [
      'too much metadata',
      { ...DRILL, metadata: { ...DRILL.metadata, log: 'x'.repeat(9_000) } },
      /metadata: takes 9010 bytes as JSON; there is room for 8192/,
    ],
  ])('with %s is refused by name', (_, event, why) => {
    expect(() => readRequest(event)).toThrow(why);
    expect(() => readRequest(event)).toThrow(expect.objectContaining({ name: 'ValidationError' }));
  });
});
