import { exampleDeployment, synthesize } from '../infra/synthesized.ts';
import type { Usage } from './cost/prices.ts';

/** The deployment that is looked at for memory and for what is paid for by the month. */
function deployed() {
  return synthesize(exampleDeployment()).central;
}

/** The memory of each function, in MB. */
export function deployedMemory(): Map<string, number> {
  const functions = deployed().all('AWS::Lambda::Function');
  return new Map(functions.map(({ Properties }) => [String(Properties.FunctionName), Number(Properties.MemorySize)]));
}

/** What a deployment pays for each month whatever it does. An alarm costs by the metrics that it looks at. */
export function fixedMonth(): Usage {
  const central = deployed();
  const alarmMetrics = central.all('AWS::CloudWatch::Alarm').map(({ Properties }) => {
    const { Metrics = [] } = Properties as { Metrics?: { MetricStat?: unknown }[] };
    return Math.max(1, Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length);
  });
  return {
    kmsKeys: central.all('AWS::KMS::Key').length,
    secrets: central.all('AWS::SecretsManager::Secret').length,
    alarmMetrics: alarmMetrics.reduce((sum, metrics) => sum + metrics, 0),
    dashboards: central.all('AWS::CloudWatch::Dashboard').length,
  };
}
