import type { ExecutionRecord } from './records.ts';

/**
 * What the parameters of an action may speak of, e.g. `{{ isDrill }}`: a document has to know whether what it does is for
 * a drill. Other texts in double braces stay as they are: they are Systems Manager's own, as `{{ ssm:name }}`.
 */
export const PLACEHOLDERS = ['executionId', 'verb', 'wave', 'application', 'isDrill'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** SSM takes parameters as lists of text. */
export type ActionParameters = Record<string, string[]>;

/** The parameters with what their placeholders stand for in this wave of this execution. */
export function filledParameters(
  parameters: Readonly<ActionParameters>,
  { executionId, verb, application }: Pick<ExecutionRecord, 'executionId' | 'verb' | 'application'>,
  wave: number,
): ActionParameters {
  const values: Record<Placeholder, string> = {
    executionId,
    verb,
    wave: String(wave),
    application,
    isDrill: String(verb === 'drill'),
  };
  const filled = (text: string): string =>
    PLACEHOLDERS.reduce(
      (rest, name) => rest.replaceAll(new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`, 'g'), () => values[name]),
      text,
    );
  return Object.fromEntries(Object.entries(parameters).map(([name, texts]) => [name, texts.map(filled)]));
}
