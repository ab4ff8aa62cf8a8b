import type { Directory, PageHome } from './protocol.ts';
import { useView } from './use-view.ts';
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
  const { inputs, setInputs, actions } = useView({ me, view: home, current: undefined, onProblem });
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
        <ViewBlocks blocks={home.blocks} inputs={inputs} errors={NO_ERRORS} onType={setInputs} actions={actions} />
      )}
    </section>
  );
}
