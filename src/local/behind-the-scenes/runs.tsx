import { useState } from 'react';
import { MOST_EVENTS, type RunView, type StepView, type TrackView, type TroubleView } from './protocol.ts';
import { bytesText, countText, dayText, durationText, numberText, statusText, timeText } from './words.ts';

/** A status: a word, and a colour that only repeats it. */
export function Status({ status }: { status: string }) {
  return (
    <span className="status" data-status={status}>
      {statusText(status)}
    </span>
  );
}

/** The anchor of a run on the page. */
function anchorOf(arn: string): string {
  return `run-${arn.split(':').slice(4).join('-')}`;
}

/** The span of time that bars are drawn in. */
interface Span {
  from: number;
  to: number;
}

/** Where in the run's time a state was: decoration, for its times stand beside it. */
function Bar({ step, span, now }: { step: StepView; span: Span; now: number }) {
  const length = Math.max(1, span.to - span.from);
  const end = step.openSince === undefined ? step.leftAt : now;
  const left = Math.min(100, ((step.enteredAt - span.from) / length) * 100);
  const width = Math.min(100 - left, Math.max(0.5, ((end - step.enteredAt) / length) * 100));
  return (
    <span className="bar" aria-hidden="true">
      <span data-open={step.openSince !== undefined} style={{ left: `${left}%`, width: `${width}%` }} />
    </span>
  );
}

interface StepProps {
  step: StepView;
  span: Span;
  now: number;
  nameOf: (arn: string) => string | undefined;
}

function Step({ step, span, now, nameOf }: StepProps) {
  const spent = step.durationMs + (step.openSince === undefined ? 0 : Math.max(0, now - step.openSince));
  const isOpen = step.openSince !== undefined;
  return (
    <li className="step" data-open={isOpen}>
      <div className="step-line">
        <span className="step-name">
          <strong>{step.name}</strong> <span className="quiet">{step.type}</span>
          {step.visits > 1 && <span className="times"> × {numberText(step.visits)}</span>}
        </span>
        <span className="step-time">
          <time dateTime={new Date(step.enteredAt).toISOString()}>{timeText(step.enteredAt)}</time>
          {isOpen ? ' – now' : ` – ${timeText(step.leftAt)}`}
          <span className="quiet"> · {durationText(spent)}</span>
        </span>
        <Bar step={step} span={span} now={now} />
      </div>
      {isOpen && step.waitsFor !== undefined && <p className="waits">Waits for {step.waitsFor}</p>}
      {step.retries > 0 && <p className="warn">{countText(step.retries, 'retry', 'retries')}</p>}
      {step.children.length > 0 && (
        <p className="quiet">
          Started{' '}
          {step.children.map((arn, index) => (
            <span key={arn}>
              {index > 0 && ', '}
              <a href={`#${anchorOf(arn)}`}>{nameOf(arn) ?? 'a nested execution'}</a>
            </span>
          ))}
        </p>
      )}
      {step.tracksLeftOut > 0 && (
        <p className="quiet">{countText(step.tracksLeftOut, 'earlier iteration')} not shown.</p>
      )}
      {step.tracks.map((track) => (
        <div className="track" key={track.label}>
          <p className="track-label">{track.label}</p>
          <Track track={track} span={span} now={now} nameOf={nameOf} />
        </div>
      ))}
    </li>
  );
}

function Track({ track, ...rest }: Omit<StepProps, 'step'> & { track: TrackView }) {
  return (
    <ol className="steps">
      {track.items.map((item) => {
        if (item.kind === 'step') return <Step key={item.step.name} step={item.step} {...rest} />;
        return (
          <li key={item.steps[0]?.name} className="loop">
            <p className="loop-label">
              Loop, <strong>{countText(item.rounds, 'round')}</strong>: each state once, with all its visits
            </p>
            <ol className="steps">
              {item.steps.map((step) => (
                <Step key={step.name} step={step} {...rest} />
              ))}
            </ol>
          </li>
        );
      })}
    </ol>
  );
}

const OUTCOMES: Readonly<Record<TroubleView['outcome'], string>> = {
  retried: 'tried again',
  caught: 'caught: the machine went on',
  failed: 'ended the run',
  open: 'not decided yet',
};

function Troubles({ troubles, count }: { troubles: readonly TroubleView[]; count: number }) {
  if (count === 0) return null;
  return (
    <div className="troubles">
      <h4>
        {countText(count, 'failed attempt')}
        {count > troubles.length && `, the newest ${troubles.length}`}
      </h4>
      <ul>
        {troubles.map((trouble, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no names, and only the end of the list changes.
          <li key={index}>
            <time dateTime={new Date(trouble.at).toISOString()}>{timeText(trouble.at)}</time> {trouble.state}:{' '}
            <code>{trouble.error}</code> – {OUTCOMES[trouble.outcome]}
            {trouble.cause !== '' && <span className="cause">{trouble.cause}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Facts({ run, now }: { run: RunView; now: number }) {
  const facts: [string, string][] = [
    ['Account', run.accountId],
    ['Started', dayText(run.startedAt)],
    ['Duration', `${durationText((run.stoppedAt ?? now) - run.startedAt)}${run.stoppedAt ? '' : ' so far'}`],
    ['History', `${numberText(run.events)} of ${numberText(MOST_EVENTS)} events`],
    ['Input', bytesText(run.inputBytes)],
    ['Output', run.outputBytes === undefined ? 'none yet' : bytesText(run.outputBytes)],
  ];
  if (run.outputBytes === undefined && run.stoppedAt !== undefined) facts[5] = ['Output', 'none'];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface RunProps {
  run: RunView;
  depth: number;
  now: number;
  nameOf: (arn: string) => string | undefined;
}

function Run({ run, depth, now, nameOf }: RunProps) {
  // A person's choice stays; until then what runs, and what went wrong, is open.
  const [chosen, setChosen] = useState<boolean>();
  const isOpen = chosen ?? (depth < 2 || run.status !== 'SUCCEEDED');
  const id = anchorOf(run.arn);
  return (
    <section className="run" id={id} data-depth={Math.min(depth, 2)} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>
        <button type="button" aria-expanded={isOpen} aria-controls={`${id}-body`} onClick={() => setChosen(!isOpen)}>
          <span className="run-name">
            {run.machine}
            {depth > 0 && <span className="quiet"> in {run.accountId}</span>}
          </span>
          <Status status={run.status} />
          {run.troubleCount > 0 && <span className="warn">{countText(run.troubleCount, 'failed attempt')}</span>}
        </button>
      </h3>
      <div id={`${id}-body`} hidden={!isOpen}>
        <p className="arn">{run.name}</p>
        <Facts run={run} now={now} />
        {run.error !== undefined && (
          <p className="problem">
            Ended with <code>{run.error}</code>
            {run.cause !== undefined && <span className="cause">{run.cause}</span>}
          </p>
        )}
        <Troubles troubles={run.troubles} count={run.troubleCount} />
        {isOpen && (
          <Track track={run.track} span={{ from: run.startedAt, to: run.stoppedAt ?? now }} now={now} nameOf={nameOf} />
        )}
      </div>
    </section>
  );
}

/** The runs of an execution's machines, a parent before its children. */
export function Runs({ runs, leftOut, now }: { runs: readonly RunView[]; leftOut: number; now: number }) {
  const byArn = new Map(runs.map((run) => [run.arn, run]));
  const depthOf = (run: RunView): number => {
    const parent = run.parentArn === undefined ? undefined : byArn.get(run.parentArn);
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  const nameOf = (arn: string) => {
    const run = byArn.get(arn);
    return run === undefined ? undefined : `${run.machine} in ${run.accountId}`;
  };
  return (
    <>
      {runs.map((run) => (
        <Run key={run.arn} run={run} depth={depthOf(run)} now={now} nameOf={nameOf} />
      ))}
      {leftOut > 0 && <p className="quiet">{countText(leftOut, 'more run')} not shown.</p>}
    </>
  );
}
