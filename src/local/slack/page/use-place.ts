import { useCallback, useEffect, useState } from 'react';
import { type Permalink, permalinkOf } from './feed-state.ts';
import { addressOf, askedBy, type Place } from './place.ts';

/** Who and where this tab is, kept in the address. */
export interface WhereAbouts {
  me: string;
  /** The place that was asked for; the person may not have it. */
  asked: Place | undefined;
  /** A message that is still to be shown. */
  goal: Permalink | undefined;
}

function whereAbouts(): WhereAbouts {
  const { as, place, anchor } = askedBy(new URL(location.href));
  const goal = place === undefined || anchor === undefined ? undefined : { channelId: place, anchor };
  return { me: as, asked: place, goal };
}

export interface UsedPlace extends WhereAbouts {
  become: (name: string) => void;
  go: (place: Place) => void;
  /** Goes where a permalink leads; false for an address that is none. */
  follow: (href: string) => boolean;
  /** To be called when the goal is shown, or cannot be. */
  reach: () => void;
}

/** The place of this tab: a change of channel is a step back in the browser, a change of person is none. */
export function usePlace(): UsedPlace {
  const [where, setWhere] = useState(whereAbouts);

  useEffect(() => {
    const onBack = () => setWhere(whereAbouts());
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);

  const become = useCallback((me: string) => {
    const { place } = askedBy(new URL(location.href));
    history.replaceState(null, '', addressOf(me, place));
    setWhere({ me, asked: place, goal: undefined });
  }, []);

  const goTo = useCallback((place: Place, goal?: Permalink) => {
    const { as } = askedBy(new URL(location.href));
    history.pushState(null, '', addressOf(as, place));
    setWhere({ me: as, asked: place, goal });
  }, []);

  const go = useCallback((place: Place) => goTo(place), [goTo]);

  const follow = useCallback(
    (href: string) => {
      const url = URL.canParse(href, location.href) ? new URL(href, location.href) : undefined;
      const permalink = url?.origin === location.origin ? permalinkOf(url.pathname) : undefined;
      if (permalink === undefined) return false;
      goTo(permalink.channelId, permalink);
      return true;
    },
    [goTo],
  );

  const reach = useCallback(() => setWhere((before) => ({ ...before, goal: undefined })), []);
  return { ...where, become, go, follow, reach };
}
