import { createRoot } from 'react-dom/client';
import { isObject } from '../../src/local/slack/json.ts';
import type { SlackBlock } from '../../src/local/slack/model.ts';
import { Blocks } from '../../src/local/slack/page/blocks.tsx';
import type { Directory } from '../../src/local/slack/page/protocol.ts';
import { Mrkdwn, Names, Now, textOf } from '../../src/local/slack/page/text.tsx';
import { ViewBlocks } from '../../src/local/slack/page/view-blocks.tsx';
import { CHANNELS, PEOPLE, USER_GROUPS, WORKSPACE } from '../../src/local/slack/people.ts';
import type { Fixture } from '../../test/blocks/fixtures/cards.ts';

/** What time it is on the page: twenty-eight minutes after the executions of the fixtures were asked for. */
const NOW = Date.parse('2026-03-02T02:28:00Z');
const time = { day: new Date(NOW).setHours(0, 0, 0, 0), now: () => NOW };

const directory: Directory = {
  me: 'approver',
  channels: CHANNELS.map(({ id, name }) => ({ id, name, hasBot: true })),
  people: PEOPLE.map(({ name, userId, realName }) => ({ name, userId, realName, may: '' })),
  userGroups: USER_GROUPS.map(({ id, handle, userIds }) => ({ id, handle, userIds })),
  bot: { userId: WORKSPACE.botUserId, name: WORKSPACE.botName },
};

const fixtures: Fixture[] = JSON.parse(document.getElementById('fixtures')?.textContent ?? '[]');
const nothing = async () => {};
const NO_INPUTS = {};
const NO_ACTIONS = {
  onClick: nothing,
  onChoose: nothing,
  onAsk: async () => undefined,
  onUpload: async () => undefined,
};

/** Slack gives an id to each block that comes without one. */
function withIds(blocks: readonly unknown[]): SlackBlock[] {
  return blocks.filter(isObject).map((block, place) => {
    const { type, block_id = `block-${place}` } = block;
    return { ...block, type: String(type), block_id: String(block_id) };
  });
}

function OneCard({ fixture }: { fixture: Fixture }) {
  switch (fixture.surface) {
    case 'message':
      return (
        <>
          <div className="phone-push">
            <span className="quiet">On the phone: </span>
            <Mrkdwn text={fixture.message.text} />
          </div>
          <Blocks blocks={withIds(fixture.message.blocks)} onClick={nothing} />
        </>
      );
    case 'modal':
      return (
        <div className="form">
          <h4>{textOf(fixture.view.title)}</h4>
          <ViewBlocks
            blocks={withIds(fixture.view.blocks)}
            inputs={NO_INPUTS}
            errors={NO_INPUTS}
            onType={nothing}
            actions={NO_ACTIONS}
          />
          <div className="row form-foot">
            <span className="card-button">{textOf(fixture.view.close) || 'Cancel'}</span>
            {fixture.view.submit !== undefined && (
              <span className="card-button primary">{textOf(fixture.view.submit)}</span>
            )}
          </div>
        </div>
      );
    case 'home':
      return (
        <ViewBlocks
          blocks={withIds(fixture.blocks)}
          inputs={NO_INPUTS}
          errors={NO_INPUTS}
          onType={nothing}
          actions={NO_ACTIONS}
        />
      );
    case 'text':
      return (
        <div className="only-one">
          <p className="only-you">Only visible to you</p>
          <Mrkdwn text={fixture.text} />
        </div>
      );
  }
}

function Page() {
  const groups = [...new Set(fixtures.map(({ group }) => group))];
  return (
    <Names value={directory}>
      <Now value={time}>
        <main className="cards">
          <h1>Every card in every state</h1>
          {groups.map((group) => (
            <section key={group}>
              <h2>{group}</h2>
              {fixtures
                .filter((fixture) => fixture.group === group)
                .map((fixture) => (
                  <article key={fixture.name} id={`${group}/${fixture.name}`}>
                    <h3 className="state">{fixture.name}</h3>
                    <div className="widths">
                      <div className="phone">
                        <OneCard fixture={fixture} />
                      </div>
                      <div className="desktop" aria-hidden="true">
                        <OneCard fixture={fixture} />
                      </div>
                    </div>
                  </article>
                ))}
            </section>
          ))}
        </main>
      </Now>
    </Names>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Page />);
