import { messageOf } from '../domain/errors.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { parentAnswerer } from './answer-parent.ts';

/**
 * Every five minutes: answers the parents whose answer could not be sent when their execution ended. One that cannot be
 * answered now holds up no other.
 */
export const create: CreateHandler<unknown, { looked: number }> = (platform) => {
  const store = executionStore(platform);
  const answer = parentAnswerer(platform);

  return async () => {
    const waiting = await store.waitingParents();
    for (const { executionId } of waiting) {
      await answer(executionId).catch((error: unknown) =>
        platform.log.error('A parent could not be answered', { executionId, error: messageOf(error) }),
      );
    }
    return { looked: waiting.length };
  };
};

export const handler = onLambda(create);
