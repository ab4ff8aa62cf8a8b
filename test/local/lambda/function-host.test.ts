import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { type FunctionContext, FunctionHost, type Invocation } from '../../../src/local/lambda/function-host.ts';
import { LambdaError } from '../../../src/local/lambda/lambda-error.ts';
import { hostFunction } from '../services/simulated-aws.ts';

function world() {
  const clock = new VirtualClock();
  const host = new FunctionHost({ clock });
  const invocations: Invocation[] = [];
  host.onInvoke((invocation) => invocations.push(invocation));
  return { clock, host, invocations };
}

describe('FunctionHost.invoke', () => {
  it('passes event and answer as JSON: copies, dates as text, undefined as null', async () => {
    const { host } = world();
    const event = { at: new Date(0), gone: undefined };
    let received: unknown;
    hostFunction(host, 'echo', (given) => {
      received = given;
      return given;
    });
    hostFunction(host, 'silent', () => undefined);
    const answer = await host.invoke('echo', event);
    expect(answer).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(answer).not.toBe(received);
    expect(await host.invoke('silent', undefined)).toBeNull();
  });

  it('finds a function by name, ARN and qualified ARN, and tells it how it was called', async () => {
    const { host } = world();
    const contexts: FunctionContext[] = [];
    const arn = 'arn:aws:lambda:us-east-2:900000000000:function:look';
    host.register({ name: 'look', arn, timeoutSeconds: 3, handler: async (_, context) => contexts.push(context) });
    host.publishVersion('look');
    await host.invoke('look', {});
    await host.invoke(arn, {});
    await host.invoke(`${arn}:1`, {});
    expect(contexts.map((context) => [context.invokedFunctionArn, context.functionVersion])).toEqual([
      [arn, '$LATEST'],
      [arn, '$LATEST'],
      [`${arn}:1`, '1'],
    ]);
    const [first] = contexts;
    expect(first?.functionName).toBe('look');
    expect(first?.getRemainingTimeInMillis()).toBeLessThanOrEqual(3000);
    expect(first?.getRemainingTimeInMillis()).toBeGreaterThan(0);
    expect(new Set(contexts.map((context) => context.awsRequestId)).size).toBe(3);
  });

  it('keeps what was published, whatever the function becomes (PublishVersion, UpdateFunctionCode)', async () => {
    const { host, invocations } = world();
    const arn = 'arn:aws:lambda:us-east-2:900000000000:function:look';
    const code = (answer: string) => ({ name: 'look', arn, timeoutSeconds: 3, handler: async () => answer });
    host.register(code('first'));
    expect(host.publishVersion('look')).toBe(`${arn}:1`);
    host.update(code('second'));
    expect(await host.invoke(`${arn}:1`, {})).toBe('first');
    expect(await host.invoke(arn, {})).toBe('second');
    await expect(host.invoke(`${arn}:2`, {})).rejects.toMatchObject({ errorType: 'Lambda.ResourceNotFoundException' });
    expect(host.publishVersion('look')).toBe(`${arn}:2`);
    expect(host.publishVersion('look')).toBe(`${arn}:2`);
    expect(await host.invoke('look:2', {})).toBe('second');
    expect(invocations.map(({ functionVersion }) => functionVersion)).toEqual(['1', '$LATEST', '2']);
  });

  it('reports what a handler throws by its name, message and stack', async () => {
    const { host } = world();
    class OutOfStock extends Error {
      override readonly name = 'OutOfStock';
    }
    hostFunction(host, 'shop', () => {
      throw new OutOfStock('nothing left');
    });
    hostFunction(host, 'rude', () => {
      throw 'no';
    });
    const failure = await host.invoke('shop', {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LambdaError);
    expect(failure).toMatchObject({ errorType: 'OutOfStock', errorMessage: 'nothing left' });
    expect((failure as LambdaError).trace[0]).toBe('OutOfStock: nothing left');
    await expect(host.invoke('rude', {})).rejects.toMatchObject({ errorType: 'string', errorMessage: 'no' });
  });

  it.each([
    ['an unknown function', 'nobody', {}, 'Lambda.ResourceNotFoundException'],
    ['an ARN of another account', 'arn:aws:lambda:us-east-2:1:function:echo', {}, 'Lambda.ResourceNotFoundException'],
    ['an event over 6 MB', 'echo', 'x'.repeat(6 * 1024 * 1024), 'Lambda.RequestTooLargeException'],
    ['an event that is no JSON', 'echo', { n: 1n }, 'Lambda.InvalidRequestContentException'],
    ['an answer over 6 MB', 'verbose', {}, 'Function.ResponseSizeTooLarge'],
    ['an answer that is no JSON', 'bigint', {}, 'Runtime.MarshalError'],
    ['a handler that is late', 'late', {}, 'Sandbox.Timedout'],
  ])('fails for %s', async (_, name, event, errorType) => {
    const { host } = world();
    hostFunction(host, 'echo', (given) => given);
    hostFunction(host, 'verbose', () => 'x'.repeat(7 * 1024 * 1024));
    hostFunction(host, 'bigint', () => ({ n: 1n }));
    hostFunction(host, 'late', () => new Promise(() => {}), 0.01);
    await expect(host.invoke(name, event)).rejects.toMatchObject({ errorType });
  });

  it('crashes on request, once, before the handler or after it', async () => {
    const { host } = world();
    let runs = 0;
    hostFunction(host, 'count', () => ++runs);
    host.crashNext('count', 'before');
    host.crashNext('count', 'after');
    await expect(host.invoke('count', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(runs).toBe(0);
    await expect(host.invoke('count', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(runs).toBe(1);
    expect(await host.invoke('count', {})).toBe(2);
  });

  it('tells listeners of each invocation', async () => {
    const { host, invocations, clock } = world();
    hostFunction(host, 'fine', () => 1);
    host.crashNext('fine', 'after');
    await host.invoke('fine', {}).catch(() => undefined);
    await host.invoke('fine', {});
    expect(invocations).toEqual([
      expect.objectContaining({ functionName: 'fine', outcome: 'Runtime.ExitError', startedAt: clock.now() }),
      expect.objectContaining({ functionName: 'fine', outcome: 'ok' }),
    ]);
  });

  it('holds the clock while the function runs', async () => {
    const { host, clock } = world();
    const { promise, resolve } = Promise.withResolvers<void>();
    let end: number | undefined;
    hostFunction(host, 'slow', () => promise);
    const invocation = host.invoke('slow', {}).then(() => {
      end = clock.now();
    });
    const start = clock.now();
    clock.after(1000, () => {});
    const passing = clock.advance(1000);
    setImmediate(resolve);
    await Promise.all([invocation, passing]);
    expect(end).toBe(start);
    expect(clock.now()).toBe(start + 1000);
  });

  it('does not take two functions of one name', () => {
    const { host } = world();
    hostFunction(host, 'one', () => 1);
    expect(() => hostFunction(host, 'one', () => 2)).toThrow('registered twice');
  });
});

describe('FunctionHost.invokeAsync', () => {
  it('tries again after one minute and after two more, and then gives the event to the failure destination', async () => {
    const { host, clock } = world();
    const start = clock.now();
    const attempts: number[] = [];
    const failed: unknown[] = [];
    hostFunction(host, 'broken', () => {
      attempts.push(clock.now() - start);
      throw new Error('broken');
    });
    host.invokeAsync('broken', { n: 1 }, (error, event) => failed.push(error.errorMessage, event));
    await clock.runUntil(() => failed.length > 0);
    expect(attempts).toEqual([0, 60_000, 180_000]);
    expect(failed).toEqual(['broken', { n: 1 }]);
  });

  it('keeps the event as it was when it was sent', async () => {
    const { host, clock } = world();
    const seen: unknown[] = [];
    hostFunction(host, 'look', (event) => seen.push(event));
    const event = { n: 1 };
    host.crashNext('look', 'before');
    host.invokeAsync('look', event);
    event.n = 2;
    await clock.runUntil(() => seen.length > 0);
    expect(seen).toEqual([{ n: 1 }]);
  });
});
