import { useRef, useState } from 'react';
import { sendFault, sendTime } from './actions.ts';
import type { PracticeTime, RehearsedFault } from './controls.ts';
import type { ChangedTime, PracticeState } from './protocol.ts';

const SPEEDS = [
  { speed: 0, label: 'Pause' },
  { speed: 1, label: '1×' },
  { speed: 60, label: '60×' },
  { speed: 600, label: '600×' },
];

/** How fast the practice runs, in words that change only when it does. */
function Rate({ time: { speed, rate, waitingForPerson } }: { time: PracticeTime }) {
  if (speed === 0) return waitingForPerson ? 'Paused, a gate waits' : 'Paused';
  if (!waitingForPerson) return `Running at ${rate}×`;
  return (
    <>
      {rate}×, a gate waits{speed !== rate && <span className="wide">, then {speed}×</span>}
    </>
  );
}

function clockText(now: number): string {
  return new Date(now).toLocaleString('en-GB', {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

function Fault({ fault, onSwitch }: { fault: RehearsedFault; onSwitch: (fault: RehearsedFault) => void }) {
  const id = `fault-${fault.id}`;
  return (
    <li>
      <button
        type="button"
        role="switch"
        aria-checked={fault.active}
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-expected`}
        onClick={() => onSwitch(fault)}
      >
        <span className="switch" aria-hidden="true" />
        <span className="switch-word" aria-hidden="true">
          {fault.active ? 'On' : 'Off'}
        </span>
      </button>
      <div>
        <p id={`${id}-title`}>
          <strong>{fault.title}</strong>
        </p>
        <p id={`${id}-expected`} className="quiet">
          Expected: {fault.expected}
        </p>
      </div>
    </li>
  );
}

interface BarProps {
  /** Address of a page that shows what happens behind Slack. */
  behindTheScenes: string | undefined;
  practice: PracticeState;
  onProblem: (problem: string | undefined) => void;
}

/** How fast time goes, and what goes wrong. Its height never changes; the faults open over the messages. */
export function PracticeBar({ practice: { time, faults }, behindTheScenes, onProblem }: BarProps) {
  const [isOpen, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const active = faults.filter((fault) => fault.active).length;
  const change = async (changed: ChangedTime) => onProblem(await sendTime(changed));

  function close() {
    setOpen(false);
    toggle.current?.focus();
  }

  return (
    <section
      className="practice"
      aria-label="Practice: time and faults"
      onKeyDown={({ key }) => {
        if (key === 'Escape' && isOpen) close();
      }}
    >
      <fieldset className="speeds">
        <legend className="unseen">Speed of time</legend>
        {SPEEDS.map(({ speed, label }) => (
          <button
            key={speed}
            type="button"
            className="outlined"
            aria-pressed={time.speed === speed}
            onClick={() => void change({ speed })}
          >
            {label}
          </button>
        ))}
        <button
          type="button"
          className="outlined"
          onClick={() => void change({ next: true, letWait: time.waitingForPerson })}
        >
          {time.waitingForPerson ? 'Let it wait' : 'Next event'}
        </button>
      </fieldset>
      <p className="rate" data-waiting={time.waitingForPerson}>
        <span role="status">
          <Rate time={time} />
        </span>
        <time dateTime={new Date(time.now).toISOString()}>{clockText(time.now)}</time>
      </p>
      {behindTheScenes !== undefined && (
        <a className="behind-the-scenes outlined" href={behindTheScenes} target="_blank" rel="noopener">
          Behind the scenes<span className="unseen"> (opens in a new tab)</span>
        </a>
      )}
      <button
        ref={toggle}
        type="button"
        className="faults-toggle outlined"
        aria-expanded={isOpen}
        aria-controls="faults"
        onClick={() => setOpen(!isOpen)}
      >
        <span className="wide-label">Rehearse </span>
        <span>faults{active === 0 ? '' : ` (${active} on)`}</span>
      </button>
      <div id="faults" className="faults" hidden={!isOpen}>
        <div className="pane-head">
          <h2>Rehearse faults</h2>
          <button type="button" className="close" aria-label="Close faults" onClick={close}>
            ×
          </button>
        </div>
        <ul>
          {faults.map((fault) => (
            <Fault
              key={fault.id}
              fault={fault}
              onSwitch={async ({ id }) => onProblem(await sendFault({ id, active: !fault.active }))}
            />
          ))}
        </ul>
        <p className="quiet">Practice state is in memory: it ends when the practice server stops.</p>
      </div>
    </section>
  );
}
