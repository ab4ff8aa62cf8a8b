import { importEnterpriseWaves, isEnterpriseWaves } from './enterprise-waves.ts';
import { Import, type ImportContext, type Imported } from './import.ts';
import { importOrchestrationPlan, isOrchestrationPlan } from './orchestration-plan.ts';
import { importOrchestratorManifest, isOrchestratorManifest } from './orchestrator-manifest.ts';
import { importOwn, isOwn, OWN_FORMAT } from './own.ts';
import { importPlanAutomation, isPlanAutomation } from './plan-automation.ts';

/** The formats that are read, in the words of messages. */
export type PlanFormat =
  | 'our own file'
  | 'DRS Orchestration plan'
  | 'enterprise waves'
  | 'DR Orchestrator manifest'
  | 'DRS Plan Automation';

/** Reads a parsed document of whichever format it is; a document of none of them is a problem. */
export function importPlans(document: unknown, context: ImportContext): Imported & { format?: PlanFormat } {
  if (isOwn(document)) {
    if (document.format === OWN_FORMAT) return { format: 'our own file', ...importOwn(document) };
    return refused(['format'], `Only ${OWN_FORMAT} can be read, not ${String(document.format)}.`);
  }
  if (isEnterpriseWaves(document)) {
    return { format: 'enterprise waves', ...importEnterpriseWaves(document, context) };
  }
  if (isOrchestratorManifest(document)) {
    return { format: 'DR Orchestrator manifest', ...importOrchestratorManifest(document, context) };
  }
  if (isPlanAutomation(document)) {
    return { format: 'DRS Plan Automation', ...importPlanAutomation(document, context) };
  }
  if (isOrchestrationPlan(document)) {
    return { format: 'DRS Orchestration plan', ...importOrchestrationPlan(document, context) };
  }
  return refused(
    [],
    `It is no plan that can be read. Our own file has "format": "${OWN_FORMAT}"; other formats are known by waves with technologies, by layers, by Plans or Waves, or by planId or groupId.`,
  );
}

function refused(where: string[], message: string): Imported {
  const into = new Import();
  into.problem(where, message);
  return into.result;
}
