/** The message within a Lambda's error, which Step Functions wraps as JSON; other causes as they are, cut short. */
export function readableCause(failure: { error: string; cause: string }): string {
  try {
    const { errorMessage } = JSON.parse(failure.cause) as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
  } catch {
    // Not JSON: the cause is text.
  }
  return `The execution stopped with ${failure.error}: ${failure.cause.slice(0, 300)}`;
}
