import { memo, useEffect, useState } from 'react';
import type { JobLine, JobView } from './protocol.ts';
import { Status } from './runs.tsx';
import { countText, dayText, durationText, statusText, timeText } from './words.ts';

/** Log events that are shown at first: a job of 100 servers has some 700. */
const SHOWN_LOG_EVENTS = 60;

/** The job with its servers and log, read again when its line has changed; undefined until it has come. */
function useJob(line: JobLine, isOpen: boolean): { job: JobView | undefined; isGone: boolean } {
  const [job, setJob] = useState<JobView>();
  const [isGone, setGone] = useState(false);
  const version = JSON.stringify([line.status, line.logEvents, line.servers]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for everything that changes in the line.
  useEffect(() => {
    if (!isOpen) return;
    const leaving = new AbortController();
    fetch(`/behind-the-scenes/job?id=${encodeURIComponent(line.jobId)}`, { signal: leaving.signal })
      .then(async (response) => {
        setGone(!response.ok);
        if (response.ok) setJob((await response.json()) as JobView);
      })
      .catch(() => {
        if (!leaving.signal.aborted) setGone(true);
      });
    return () => leaving.abort();
  }, [line.jobId, version, isOpen]);
  return { job, isGone };
}

const Servers = memo(function Servers({ job }: { job: JobView }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must be able to.
    <section className="wide-table" aria-label={`Servers of ${job.jobId}`} tabIndex={0}>
      <table>
        <caption>{countText(job.participants.length, 'server')}</caption>
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Launch status</th>
            <th scope="col">Instance</th>
          </tr>
        </thead>
        <tbody>
          {job.participants.map(({ sourceServerId, hostname, launchStatus, recoveryInstanceId }) => (
            <tr key={sourceServerId}>
              <th scope="row">
                {hostname} <span className="arn">{sourceServerId}</span>
              </th>
              <td>
                <Status status={launchStatus} />
              </td>
              <td className="arn">{recoveryInstanceId ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
});

const JobLog = memo(function JobLog({ job }: { job: JobView }) {
  const [isWhole, setWhole] = useState(false);
  const hidden = isWhole ? 0 : Math.max(0, job.log.length - SHOWN_LOG_EVENTS);
  return (
    <>
      <h4>Job log, {countText(job.log.length, 'event')}</h4>
      {hidden > 0 && (
        <button type="button" className="outlined" onClick={() => setWhole(true)}>
          Show {countText(hidden, 'earlier event')}
        </button>
      )}
      <ol className="log">
        {job.log.slice(hidden).map(({ at, event, server, detail }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the log is what names an event.
          <li key={hidden + index} data-failed={/FAIL/.test(event)}>
            <time dateTime={new Date(at).toISOString()}>{timeText(at)}</time> <code>{event}</code> {server}
            {detail !== undefined && <span className="arn">{detail}</span>}
          </li>
        ))}
      </ol>
    </>
  );
});

function Job({ line, now }: { line: JobLine; now: number }) {
  const [isOpen, setOpen] = useState(false);
  const { job, isGone } = useJob(line, isOpen);
  const tags = Object.entries(line.tags);
  return (
    <section className="job" aria-labelledby={`${line.jobId}-title`}>
      <h3 id={`${line.jobId}-title`}>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={`${line.jobId}-body`}
          onClick={() => setOpen(!isOpen)}
        >
          <span className="run-name">{line.jobId}</span>
          <Status status={line.status} />
        </button>
      </h3>
      <p className="job-line">
        {line.type} in {line.accountId} · {dayText(line.createdAt)} ·{' '}
        {durationText((line.endedAt ?? now) - line.createdAt)}
        {line.endedAt === undefined && ' so far'}
      </p>
      <ul className="counts" aria-label="Servers by launch status">
        {Object.entries(line.servers).map(([status, count]) => (
          <li key={status} data-status={status}>
            {countText(count, 'server')} {statusText(status)}
          </li>
        ))}
      </ul>
      {tags.length > 0 && (
        <p className="tags">
          <span className="quiet">Tags </span>
          {tags.map(([name, value]) => (
            <code key={name}>
              {name}={value}
            </code>
          ))}
        </p>
      )}
      <div id={`${line.jobId}-body`} hidden={!isOpen}>
        {isGone && <p className="problem">The job is no longer kept.</p>}
        {job === undefined && !isGone && <p className="quiet">Loading …</p>}
        {job !== undefined && <Servers job={job} />}
        {job !== undefined && <JobLog job={job} />}
      </div>
    </section>
  );
}

/** The DRS jobs that were started in the accounts, the first one first. */
export function Jobs({ jobs, leftOut, now }: { jobs: readonly JobLine[]; leftOut: number; now: number }) {
  if (jobs.length === 0) return <p className="quiet">No DRS job has been started: nothing has been launched.</p>;
  return (
    <>
      {leftOut > 0 && <p className="quiet">{countText(leftOut, 'earlier job')} not shown.</p>}
      {jobs.map((line) => (
        <Job key={line.jobId} line={line} now={now} />
      ))}
    </>
  );
}
