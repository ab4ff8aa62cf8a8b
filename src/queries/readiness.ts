import { type Message, message, name, section } from '../../blocks/message.ts';
import { notChecked, readinessCard, readinessList, type ShownReadiness } from '../../blocks/readiness.ts';
import type { DrillProof } from '../domain/drill-proof.ts';
import type { Library, StoredPlan } from '../domain/plan-library.ts';
import type { QueryArgs } from '../domain/query.ts';
import { KNOWN_FOR_MS, stateAt, verificationAt } from '../domain/readiness.ts';
import type { ReadinessReport, StoredReadiness } from '../platform/readiness-store.ts';
import { type Looker, refuseStranger } from './looker.ts';
import type { QueryTools } from './tools.ts';

/** Whether an application could be recovered, or all that somebody may see. @throws {DrError} AccessDenied */
export async function readinessAnswer(
  tools: QueryTools,
  looker: Looker,
  { application }: QueryArgs['readiness'],
): Promise<Message> {
  if (application !== undefined) refuseStranger(looker, application);
  const report = await tools.readiness.report();
  if (report === undefined) return notChecked();
  const shown = shownReadiness(report, looker, tools.now());
  if (application === undefined) return readinessList(shown, looker.maySee('') ? report.fleet : undefined);
  const one = shown.find((candidate) => candidate.application === application);
  if (one !== undefined) return readinessCard(one);
  const text = `The readiness of ${name(application)} is not known: the last check knew no such application. It is checked every 30 minutes.`;
  return message(text, [section(`❔ ${text}`)]);
}

/** What is stored of the applications that somebody may see, as it counts at `now` (milliseconds since the epoch). */
export function shownReadiness(
  { applications }: Pick<ReadinessReport, 'applications'>,
  { maySee }: Pick<Looker, 'maySee'>,
  now: number,
): ShownReadiness[] {
  return applications
    .filter(({ application }) => maySee(application))
    .map((stored) => ({ ...stored, state: stateAt(stored, now), isStale: now - stored.checkedAt > KNOWN_FOR_MS }));
}

/** Whether stored plans are verified. */
export function verifications(
  library: Library,
  {
    proofs,
    applications,
    now,
  }: { proofs: ReadonlyMap<string, DrillProof[]>; applications: readonly StoredReadiness[]; now: number },
) {
  const seen = new Map(applications.map((one) => [one.application, one]));
  return (stored: StoredPlan) => {
    const application = stored.plan.application ?? '';
    const of = { library, proofs: proofs.get(application) ?? [], seen: seen.get(application) };
    return verificationAt(stored, of, now);
  };
}
