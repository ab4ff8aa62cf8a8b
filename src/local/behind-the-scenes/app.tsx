import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Calls } from './calls.tsx';
import { Jobs } from './jobs.tsx';
import type { ExecutionLine, Scene, SceneEvent } from './protocol.ts';
import { Runs, Status } from './runs.tsx';
import { countText, dayText, timeText } from './words.ts';

/** The execution that the address names; without one the page follows the newest. */
function executionInAddress(): string | undefined {
  return new URLSearchParams(location.search).get('execution') ?? undefined;
}

interface Feed {
  executions: readonly ExecutionLine[] | undefined;
  /** `null`: the execution is not kept. */
  scene: Scene | null | undefined;
  now: number;
  isConnected: boolean;
}

/** What the server tells about `execution`, or about the newest; the browser connects again by itself. */
function useFeed(execution: string | undefined): Feed {
  const [feed, setFeed] = useState<Feed>({ executions: undefined, scene: undefined, now: 0, isConnected: true });
  useEffect(() => {
    const query = execution === undefined ? '' : `?execution=${encodeURIComponent(execution)}`;
    const events = new EventSource(`/behind-the-scenes/events${query}`);
    events.onopen = () => setFeed((before) => ({ ...before, isConnected: true }));
    events.onerror = () => setFeed((before) => ({ ...before, isConnected: false }));
    events.onmessage = ({ data }: MessageEvent<string>) => {
      const { kind: _, ...told } = JSON.parse(data) as SceneEvent;
      setFeed((before) => ({ ...before, ...told }));
    };
    return () => events.close();
  }, [execution]);
  return feed;
}

interface ExecutionsProps {
  executions: readonly ExecutionLine[];
  shown: string | undefined;
  onChoose: (arn: string | undefined) => void;
}

function Executions({ executions, shown, onChoose }: ExecutionsProps) {
  return (
    <nav aria-label="Executions">
      <h2>Executions</h2>
      <ul>
        {executions.map(({ arn, machine, name, status, startedAt }) => (
          <li key={arn}>
            <button type="button" aria-current={arn === shown ? 'true' : undefined} onClick={() => onChoose(arn)}>
              <span className="line-top">
                <strong>{machine}</strong> <Status status={status} />
              </span>
              <span className="line-time">{dayText(startedAt)}</span>
              <span className="arn">{name}</span>
            </button>
          </li>
        ))}
      </ul>
      <label className="side-menu">
        <span>Execution</span>
        <select value={shown ?? ''} onChange={({ target }) => onChoose(target.value)}>
          {executions.map(({ arn, machine, status, startedAt }) => (
            <option key={arn} value={arn}>
              {timeText(startedAt)} {machine}, {status.toLowerCase()}
            </option>
          ))}
        </select>
      </label>
    </nav>
  );
}

function NothingYet() {
  return (
    <main className="nothing">
      <h2>Nothing has run yet</h2>
      <p>
        When somebody asks for a drill in the <a href="/">workspace</a>, its state machine runs, AWS calls and DRS jobs
        appear here while they happen. Everything is simulated: no AWS account is touched.
      </p>
    </main>
  );
}

const SECTIONS = [
  { id: 'runs', title: 'State machine runs' },
  { id: 'jobs', title: 'DRS jobs' },
  { id: 'calls', title: 'AWS calls' },
];

function SceneView({ scene, now }: { scene: Scene; now: number }) {
  const counts: Record<string, string> = {
    runs: countText(scene.runs.length + scene.runsLeftOut, 'run'),
    jobs: countText(scene.jobs.length + scene.jobsLeftOut, 'job'),
    calls: countText(scene.calls.total, 'call'),
  };
  return (
    <main>
      <ul className="sections" aria-label="On this page">
        {SECTIONS.map(({ id, title }) => (
          <li key={id}>
            <a href={`#${id}`}>{title}</a> <span className="quiet">{counts[id]}</span>
          </li>
        ))}
      </ul>
      <section aria-labelledby="runs">
        <h2 id="runs">State machine runs</h2>
        <Runs runs={scene.runs} leftOut={scene.runsLeftOut} now={now} />
      </section>
      <section aria-labelledby="jobs">
        <h2 id="jobs">DRS jobs</h2>
        <Jobs jobs={scene.jobs} leftOut={scene.jobsLeftOut} now={now} />
      </section>
      <section aria-labelledby="calls">
        <h2 id="calls">AWS calls</h2>
        <Calls calls={scene.calls} />
      </section>
    </main>
  );
}

function App() {
  const [chosen, setChosen] = useState(executionInAddress);
  const { executions, scene, now, isConnected } = useFeed(chosen);

  function choose(arn: string | undefined) {
    const address = new URL(location.href);
    address.hash = '';
    if (arn === undefined) address.searchParams.delete('execution');
    else address.searchParams.set('execution', arn);
    history.replaceState(null, '', address);
    setChosen(arn);
  }

  const shown = chosen ?? executions?.[0]?.arn;
  return (
    <div className="page" data-empty={executions?.length === 0}>
      <header>
        <a href="/">← Practice Slack</a>
        <h1>Behind the scenes</h1>
        <p className="clock">
          {isConnected ? now > 0 && `Simulated time ${dayText(now)}` : 'The practice server is gone. Trying again …'}
        </p>
      </header>
      {executions === undefined && <p className="nothing">Loading …</p>}
      {executions?.length === 0 && <NothingYet />}
      {executions !== undefined && executions.length > 0 && (
        <>
          <Executions executions={executions} shown={shown} onChoose={choose} />
          {scene === null && (
            <main className="nothing">
              <h2>This execution is no longer kept</h2>
              <p>
                The practice keeps the newest ones only, in memory.{' '}
                <button type="button" className="outlined" onClick={() => choose(undefined)}>
                  Show the newest
                </button>
              </p>
            </main>
          )}
          {scene && scene.arn === shown && <SceneView key={scene.arn} scene={scene} now={now} />}
        </>
      )}
    </div>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
