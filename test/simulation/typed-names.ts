import type { Parcel } from './carrier.ts';

/** A form that somebody has submitted about a question. */
export interface TypedName {
  userId: string;
  executionId: string;
  gateId: string;
  /** What they typed as the application's name; empty for a form that does not ask for it. */
  name: string;
  at: number;
}

/** Reads over people's shoulders what they type into forms, as Slack sends it. */
export class TypedNames {
  readonly all: TypedName[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  watch({ service, request }: Parcel): void {
    const body = request.body.toString('utf8');
    if (service !== 'bot' || !body.startsWith('payload=')) return;
    const payload = JSON.parse(new URLSearchParams(body).get('payload') ?? '{}') as Partial<Submission>;
    if (payload.type !== 'view_submission' || payload.view === undefined || payload.user === undefined) return;
    const { private_metadata: metadata, state } = payload.view;
    if (!metadata.startsWith('{')) return;
    const { executionId, gateId } = JSON.parse(metadata) as { executionId?: string; gateId?: string };
    if (executionId === undefined || gateId === undefined) return;
    const [input] = Object.values(state.values.name ?? {});
    this.all.push({ userId: payload.user.id, executionId, gateId, name: input?.value ?? '', at: this.#now() });
  }
}

interface Submission {
  type: string;
  user: { id: string };
  view: { private_metadata: string; state: { values: Record<string, Record<string, { value?: string }>> } };
}
