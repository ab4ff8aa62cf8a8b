import { memo, useState } from 'react';
import type { CallGroup, CallsView } from './protocol.ts';
import { countText, numberText, timeText } from './words.ts';

const ALL = 'all';
const REFUSED = 'not ok';

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly [value: string, text: string][];
  onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="choice">
      {label}
      <select value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

const different = (values: readonly string[]): string[] => [...new Set(values)].sort();

function matches(group: CallGroup, service: string, outcome: string): boolean {
  if (service !== ALL && group.service !== service) return false;
  if (outcome === ALL) return true;
  return outcome === REFUSED ? group.outcome !== 'ok' : group.outcome === outcome;
}

/** What an ARN names, without partition, Region and account: those are in the row already. */
function resourceText(arn: string): string {
  return arn.split(':').slice(5).join(':');
}

function Row({ group }: { group: CallGroup }) {
  const { firstAt, lastAt, count } = group;
  const isLong = timeText(firstAt) !== timeText(lastAt);
  return (
    <tr data-refused={group.outcome !== 'ok'}>
      <td className="call-time">
        <time dateTime={new Date(firstAt).toISOString()}>{timeText(firstAt)}</time>
        {isLong && ` – ${timeText(lastAt)}`}
      </td>
      <th scope="row">
        <span className="quiet">{group.service}</span> {group.action}
        {count > 1 && <span className="times"> × {numberText(count)}</span>}
        {group.resource !== undefined && group.resource !== '*' && (
          <span className="arn">{resourceText(group.resource)}</span>
        )}
      </th>
      <td className="call-outcome">{group.outcome === 'ok' ? 'ok' : <code>{group.outcome}</code>}</td>
      <td className="call-account">{group.accountId}</td>
      <td className="call-role">{group.role}</td>
    </tr>
  );
}

/** What was called in the accounts, equal calls put together. Drawn only when there is another call. */
export const Calls = memo(function Calls({ calls }: { calls: CallsView }) {
  const [service, setService] = useState(ALL);
  const [outcome, setOutcome] = useState(ALL);
  const { groups } = calls;
  const services = different([...groups.map((group) => group.service), ...(service === ALL ? [] : [service])]);
  const refusals = different(groups.map((group) => group.outcome).filter((one) => one !== 'ok'));
  const kept = outcome === ALL || outcome === REFUSED || outcome === 'ok' ? [] : [outcome];
  const shown = groups.filter((group) => matches(group, service, outcome));
  const shownCalls = shown.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <div className="filters">
        <Choice
          label="Service"
          value={service}
          options={[[ALL, 'All services'], ...services.map((name): [string, string] => [name, name])]}
          onChange={setService}
        />
        <Choice
          label="Outcome"
          value={outcome}
          options={[
            [ALL, 'All outcomes'],
            ['ok', 'ok'],
            [REFUSED, 'Not ok'],
            ...different([...refusals, ...kept]).map((code): [string, string] => [code, code]),
          ]}
          onChange={setOutcome}
        />
        <p className="quiet" role="status">
          {numberText(shownCalls)} of {countText(calls.total, 'call')}
        </p>
      </div>
      {calls.areSomeOfOthers && (
        <p className="quiet">Another execution ran at the same time; calls for both are listed, as CloudTrail would.</p>
      )}
      {calls.areSomeForgotten && <p className="quiet">The oldest calls of this execution are no longer kept.</p>}
      {shown.length === 0 ? (
        <p className="quiet">No call {calls.total === 0 ? 'has been made yet' : 'fits the filter'}.</p>
      ) : (
        <table className="calls">
          <caption>AWS calls, newest first; equal calls are one row</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Call</th>
              <th scope="col">Outcome</th>
              <th scope="col">Account</th>
              <th scope="col">Role</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((group) => (
              <Row
                key={[group.firstAt, group.role, group.accountId, group.service, group.action, group.outcome].join(' ')}
                group={group}
              />
            ))}
          </tbody>
        </table>
      )}
      {calls.groupsLeftOut > 0 && <p className="quiet">{countText(calls.groupsLeftOut, 'older row')} not shown.</p>}
    </>
  );
});
