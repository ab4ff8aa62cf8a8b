import type { LocalAutomation } from './services/ssm-automation.ts';

/** A runbook whose steps take time and do nothing. */
function runbook(description: string, parameters: Record<string, object>, steps: Record<string, string>) {
  return {
    schemaVersion: '0.3',
    description,
    parameters,
    mainSteps: Object.entries(steps).map(([name, duration]) => ({
      name,
      action: 'aws:sleep',
      inputs: { Duration: duration },
    })),
  };
}

const text = { type: 'String' };
const optionalText = { type: 'String', default: '' };

/** The Automation runbooks that practice mode knows, by their names. */
export const DOCUMENTS: Readonly<Record<string, object>> = {
  'HRP-FenceOldSite': runbook(
    'Keeps the old site from writing, so that no two sites do',
    { Application: text, IsDrill: { type: 'Boolean', default: false }, ExecutionId: optionalText },
    { stopWriters: 'PT40S', revokeAccess: 'PT20S' },
  ),
  'HRP-SwitchDNS': runbook(
    'Leads users to what was recovered',
    { Application: optionalText, IsDrill: { type: 'Boolean', default: false }, ExecutionId: optionalText },
    { changeRecords: 'PT30S', waitForSync: 'PT60S' },
  ),
  'AWS-StopRdsInstance': runbook(
    'Stops a database instance',
    { InstanceId: text, AutomationAssumeRole: optionalText },
    { AssertNotStopped: 'PT5S', StopInstance: 'PT90S' },
  ),
};

/** Creates the runbooks in each of these places. */
export function createDocuments(
  automation: LocalAutomation,
  places: readonly { accountId: string; region: string }[],
): void {
  for (const { accountId, region } of places) {
    for (const [name, content] of Object.entries(DOCUMENTS)) {
      automation.createDocument(name, content, accountId, region);
    }
  }
}
