import { messageOf } from '../domain/errors.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { executionDrawer } from './draw-execution.ts';

/** Every minute: draws the executions again of which Slack could not take a message. */
export const create: CreateHandler<unknown, { drawn: number }> = (platform) => {
  const store = executionStore(platform);
  const draw = executionDrawer(platform);

  return async () => {
    const executions = new Set((await store.dirtyMessages()).map((message) => message.executionId));
    for (const executionId of executions) {
      try {
        await draw(executionId);
      } catch (error) {
        platform.log.error('An execution could not be drawn', { executionId, error: messageOf(error) });
      }
    }
    return { drawn: executions.size };
  };
};

export const handler = onLambda(create);
