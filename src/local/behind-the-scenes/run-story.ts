import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { StepView, TrackView, TroubleView } from './protocol.ts';

/** Newest troubles of a run that are kept. */
const MOST_TROUBLES = 50;
/** Iterations of a Map, and nested executions of a state, that are told. */
const MOST_TRACKS = 50;
/** A cause may be 32 KB of JSON; its beginning says what happened. */
const LONGEST_CAUSE = 300;

/** One visit of a state. */
interface Visit {
  enteredAt: number;
  waitsFor: StepView['waitsFor'];
  trouble: TroubleView | undefined;
}

/** A state with all its visits. */
class Step {
  readonly name: string;
  readonly type: string;
  readonly enteredAt: number;
  readonly open = new Set<Visit>();
  readonly tracks: Track[] = [];
  readonly children: string[] = [];
  visits = 0;
  retries = 0;
  leftAt: number;
  durationMs = 0;

  constructor(name: string, type: string, at: number) {
    this.name = name;
    this.type = type;
    this.enteredAt = at;
    this.leftAt = at;
  }

  enter(at: number): Visit {
    const waitsFor = this.type === 'Wait' ? 'time' : this.type === 'Map' ? 'its iterations' : undefined;
    const visit: Visit = { enteredAt: at, waitsFor, trouble: undefined };
    this.visits += 1;
    this.open.add(visit);
    return visit;
  }

  leave(visit: Visit, at: number): void {
    if (!this.open.delete(visit)) return;
    this.leftAt = at;
    this.durationMs += at - visit.enteredAt;
  }

  view(): StepView {
    const { name, type, visits, enteredAt, leftAt, durationMs, retries } = this;
    const open = [...this.open];
    return {
      name,
      type,
      visits,
      enteredAt,
      leftAt,
      openSince: open[0]?.enteredAt,
      durationMs,
      waitsFor: open.findLast(({ waitsFor }) => waitsFor !== undefined)?.waitsFor,
      retries,
      tracks: this.tracks.slice(-MOST_TRACKS).map((track) => track.view()),
      tracksLeftOut: Math.max(0, this.tracks.length - MOST_TRACKS),
      children: this.children.slice(-MOST_TRACKS),
    };
  }
}

/**
 * The states of a workflow in the order of their first visit. When a state is visited again, everything since its first
 * visit is a loop. So the list never gets longer than the definition, however often a poll loop turns.
 */
class Track {
  readonly label: string;
  /** The Map whose iteration this is. */
  readonly outer: Place | undefined;
  /** One step, or several that are a loop. */
  #items: Step[][] = [];

  constructor(label: string, outer?: Place) {
    this.label = label;
    this.outer = outer;
  }

  enter(name: string, type: string, at: number): Step {
    const found = this.#items.findIndex((steps) => steps.some((step) => step.name === name));
    const known = this.#items[found]?.find((step) => step.name === name);
    if (known === undefined) {
      const step = new Step(name, type, at);
      this.#items.push([step]);
      return step;
    }
    this.#items = [...this.#items.slice(0, found), this.#items.slice(found).flat()];
    return known;
  }

  /** Leaves every state that has not been left. */
  end(at: number): void {
    for (const step of this.#items.flat()) {
      for (const visit of [...step.open]) step.leave(visit, at);
      for (const track of step.tracks) track.end(at);
    }
  }

  view(): TrackView {
    const items = this.#items.map((steps): TrackView['items'][number] => {
      const [step, ...others] = steps.map((one) => one.view());
      const all = step === undefined ? others : [step, ...others];
      const rounds = Math.max(...all.map(({ visits }) => visits));
      return step !== undefined && all.length === 1 ? { kind: 'step', step } : { kind: 'loop', rounds, steps: all };
    });
    return { label: this.label, items };
  }
}

/** Where in a workflow an event belongs. */
interface Place {
  track: Track;
  step?: Step;
  visit?: Visit;
}

/**
 * What a history tells, in a size that does not grow with it. Events are read once: {@link follow} goes on where it ended,
 * so that a history of 25,000 events costs nothing when nothing was added.
 */
export class RunStory {
  readonly #root = new Track('');
  /** By the id of an event, which counts from 1. */
  readonly #places: Place[] = [{ track: this.#root }];
  readonly #children = new Set<string>();
  #troubles: TroubleView[] = [];
  #troubleCount = 0;
  #inputBytes = 0;
  #outputBytes: number | undefined;

  /** Reads the events that are new. */
  follow(events: readonly HistoryEvent[]): void {
    for (let read = this.#places.length - 1; read < events.length; read += 1) {
      const event = events[read];
      if (event !== undefined) this.#places.push(this.#read(event));
    }
  }

  /** Events read so far. */
  get events(): number {
    return this.#places.length - 1;
  }

  get inputBytes(): number {
    return this.#inputBytes;
  }

  /** Undefined until it has succeeded. */
  get outputBytes(): number | undefined {
    return this.#outputBytes;
  }

  /** ARNs of the executions that its Tasks started, in order. */
  get children(): readonly string[] {
    return [...this.#children];
  }

  get troubles(): readonly TroubleView[] {
    return this.#troubles;
  }

  get troubleCount(): number {
    return this.#troubleCount;
  }

  /** The states so far. */
  view(): TrackView {
    return this.#root.view();
  }

  #read(event: HistoryEvent): Place {
    const before = this.#places[event.previousEventId ?? 0] ?? { track: this.#root };
    const at = event.timestamp?.getTime() ?? 0;
    const type = event.type ?? '';
    if (type.endsWith('StateEntered')) return entered(before, event, at);
    if (type.endsWith('StateExited')) return this.#exited(before, event, at);
    if (type === 'MapIterationStarted') return iterationStarted(before, event);
    if (/^MapIteration/.test(type)) return before.track.outer ?? before;
    if (/^MapState/.test(type)) return outwards(before, ({ step }) => step?.type === 'Map');
    if (/^Execution/.test(type)) this.#executionEvent(type, event, at);
    else if (/(Failed|TimedOut)$/.test(type)) this.#failed(before, event, at);
    else if (type.startsWith('Task')) this.#taskEvent(type, event, before);
    return before;
  }

  #exited(before: Place, event: HistoryEvent, at: number): Place {
    const name = event.stateExitedEventDetails?.name;
    const place = outwards(before, ({ step }) => step?.name === name);
    const { step, visit } = place;
    if (visit?.trouble?.outcome === 'open') visit.trouble.outcome = 'caught';
    if (step !== undefined && visit !== undefined) step.leave(visit, at);
    return place;
  }

  #failed({ step, visit }: Place, event: HistoryEvent, at: number): void {
    const details = event.taskFailedEventDetails ?? event.taskTimedOutEventDetails ?? event.taskStartFailedEventDetails;
    const trouble: TroubleView = {
      at,
      state: step?.name ?? '',
      error: details?.error ?? 'unknown',
      cause: (details?.cause ?? '').slice(0, LONGEST_CAUSE),
      outcome: 'open',
    };
    if (visit !== undefined) {
      visit.trouble = trouble;
      visit.waitsFor = undefined;
    }
    this.#troubleCount += 1;
    this.#troubles = [...this.#troubles, trouble].slice(-MOST_TROUBLES);
  }

  #taskEvent(type: string, event: HistoryEvent, { step, visit }: Place): void {
    if (step === undefined || visit === undefined) return;
    if (type === 'TaskScheduled') {
      const resource = event.taskScheduledEventDetails?.resource ?? '';
      visit.waitsFor = resource.includes('waitForTaskToken') ? 'a task token' : nestedOr(resource, 'an answer');
      if (visit.trouble?.outcome !== 'open') return;
      visit.trouble.outcome = 'retried';
      step.retries += 1;
    } else if (type === 'TaskSubmitted') {
      const child = /"ExecutionArn":"(arn:[^"]+)"/.exec(event.taskSubmittedEventDetails?.output ?? '')?.[1];
      if (child === undefined || !event.taskSubmittedEventDetails?.resource?.startsWith('startExecution')) return;
      step.children.push(child);
      this.#children.add(child);
    } else if (type === 'TaskSucceeded') {
      visit.waitsFor = undefined;
    }
  }

  #executionEvent(type: string, event: HistoryEvent, at: number): void {
    if (type === 'ExecutionStarted') {
      this.#inputBytes = bytesOf(event.executionStartedEventDetails?.input);
      return;
    }
    if (type === 'ExecutionRedriven') return;
    if (type === 'ExecutionSucceeded') this.#outputBytes = bytesOf(event.executionSucceededEventDetails?.output);
    this.#root.end(at);
    for (const trouble of this.#troubles) if (trouble.outcome === 'open') trouble.outcome = 'failed';
  }
}

function entered({ track }: Place, event: HistoryEvent, at: number): Place {
  const type = (event.type ?? '').replace('StateEntered', '');
  const step = track.enter(event.stateEnteredEventDetails?.name ?? '', type, at);
  return { track, step, visit: step.enter(at) };
}

function iterationStarted(before: Place, event: HistoryEvent): Place {
  const place = outwards(before, ({ step }) => step?.type === 'Map');
  const index = event.mapIterationStartedEventDetails?.index ?? 0;
  const track = new Track(`Iteration ${index + 1}`, place);
  place.step?.tracks.push(track);
  return { track };
}

/** The innermost place from `place` outwards that `fits`; `place` itself when none does. */
function outwards(place: Place, fits: (place: Place) => boolean): Place {
  for (let at: Place | undefined = place; at !== undefined; at = at.track.outer) if (fits(at)) return at;
  return place;
}

function nestedOr(resource: string, otherwise: StepView['waitsFor']): StepView['waitsFor'] {
  return resource.startsWith('startExecution') ? 'a nested execution' : otherwise;
}

function bytesOf(text: string | undefined): number {
  return Buffer.byteLength(text ?? '');
}
