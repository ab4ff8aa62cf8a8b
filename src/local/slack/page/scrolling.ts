import { type RefObject, type UIEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Nearer to the end than this, in pixels, somebody is reading the newest message and wants the next one in view. */
const AT_END_PX = 80;

interface StickyEnd {
  list: RefObject<HTMLElement | null>;
  isAtEnd: boolean;
  onScroll: (event: UIEvent<HTMLElement>) => void;
}

/** Keeps the end of a list in view while `content` grows, unless somebody has scrolled away from it. */
export function useStickyEnd(content: unknown): StickyEnd {
  const list = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is as long as its content makes it.
  useLayoutEffect(() => {
    if (isAtEnd && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [content]);
  return {
    list,
    isAtEnd,
    onScroll: ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
      setAtEnd(scrollHeight - scrollTop - clientHeight < AT_END_PX);
    },
  };
}

/** Keeps the option that the keys are on in view, where a list is longer than its place. */
export function useOptionInView(optionId: string | undefined): void {
  useEffect(() => {
    if (optionId !== undefined) document.getElementById(optionId)?.scrollIntoView({ block: 'nearest' });
  }, [optionId]);
}
