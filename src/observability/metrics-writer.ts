import { Metrics } from '@aws-lambda-powertools/metrics';
import { messageOf } from '../domain/errors.ts';
import { groupBy } from '../domain/groups.ts';
import { ownEnvironment } from '../platform/own-names.ts';
import type { Platform } from '../platform/platform.ts';
import { type Metric, metricNamespace } from './metrics.ts';

/**
 * Most values of one metric in one document. The format allows 100 (EMF specification); at the 100th the library writes
 * the document to the console by itself.
 */
const MAX_VALUES = 99;

/** What a metric belongs to. Kept beside the metrics for searches in the log; never a dimension. */
export interface MetricContext {
  executionId?: string;
  correlationId?: string;
}

/** Where metrics are written to: `printLine` gets one EMF document, without a line break, at a time. */
export type MetricsPlatform = Pick<Platform, 'now' | 'log'> & { printLine: (line: string) => void };

/** On Lambda: CloudWatch reads metrics from the function's log, to which standard output goes as it is. */
export function standardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Takes lines where nobody reads them. */
export const nobody = (): void => {};

/**
 * Writes metrics in the Embedded Metric Format. Never throws: what cannot be written is logged, the recovery goes on. A
 * state that is tried again writes them again: write them last.
 */
export function metricsWriter(platform: MetricsPlatform): (metrics: readonly Metric[], about: MetricContext) => void {
  if (platform.printLine === nobody) return () => {};
  return (metrics, about) => {
    // A document has one set of dimensions with one value each: several accounts are several documents.
    for (const together of groupBy(metrics, ({ dimensions }) => JSON.stringify(dimensions)).values()) {
      try {
        for (const part of parts(together)) platform.printLine(documentOf(part, about, platform));
      } catch (error) {
        platform.log.error('Metrics could not be written; the recovery goes on', {
          ...about,
          metrics: together.map(({ name }) => name),
          error: messageOf(error),
        });
      }
    }
  };
}

/** The metrics with at most `MAX_VALUES` values each, as often as it takes for all values. */
function parts(metrics: readonly Metric[]): Metric[][] {
  const rounds = Math.max(...metrics.map(({ values }) => Math.ceil(values.length / MAX_VALUES)));
  return Array.from({ length: rounds }, (_, round) =>
    metrics
      .map((metric) => ({ ...metric, values: metric.values.slice(round * MAX_VALUES, (round + 1) * MAX_VALUES) }))
      .filter(({ values }) => values.length > 0),
  );
}

function documentOf(metrics: readonly Metric[], about: MetricContext, platform: MetricsPlatform): string {
  const document = new Metrics({ namespace: metricNamespace(ownEnvironment()), logger: warningsOnly(platform) });
  // Else a dimension `service` is added, and no dashboard that does not know it finds the metrics.
  document.clearDefaultDimensions();
  document.addDimensions({ ...metrics[0]?.dimensions });
  for (const [key, value] of Object.entries(about)) document.addMetadata(key, value);
  for (const { name, unit, values } of metrics) {
    for (const value of values) document.addMetric(name, unit, value);
  }
  const { _aws, ...content } = document.serializeMetrics();
  // The platform's clock, not the machine's. `setTimestamp` would compare the two and warn in practice mode.
  return JSON.stringify({ _aws: { ..._aws, Timestamp: platform.now() }, ...content });
}

function warningsOnly({ log }: MetricsPlatform) {
  return {
    debug: () => {},
    info: () => {},
    warn: (message: string) => log.warn(message),
    error: (message: string) => log.error(message),
  };
}
