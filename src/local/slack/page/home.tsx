import { useState } from 'react';
import { sendViewClick } from './actions.ts';
import type { OnClick } from './blocks.tsx';
import type { Directory, PageHome, TypedInputs } from './protocol.ts';
import { ViewBlocks } from './view-blocks.tsx';

interface HomeProps {
  home: PageHome | undefined;
  directory: Directory;
  problem: string | undefined;
  onProblem: (problem: string | undefined) => void;
}

const NO_ERRORS = {};

/** The app's Home tab, as it was published last for this person. */
export function Home({ home, directory: { me, bot }, problem, onProblem }: HomeProps) {
  const [inputs, setInputs] = useState<TypedInputs>({});
  const onClick: OnClick = async (blockId, actionId) => {
    if (home === undefined) return;
    onProblem(await sendViewClick({ as: me, viewId: home.id, inputs, blockId, actionId }));
  };
  return (
    <section className="home" aria-label={`Home of ${bot.name}`}>
      <h2>{bot.name}</h2>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {home === undefined ? (
        <p className="empty">
          <strong>{bot.name}</strong> has not published a Home for <strong>{me}</strong> yet. When it does, it appears
          here.
        </p>
      ) : (
        <ViewBlocks blocks={home.blocks} inputs={inputs} errors={NO_ERRORS} onType={setInputs} onClick={onClick} />
      )}
    </section>
  );
}
