import { expect, test } from 'vitest';
import { cardsPage } from '../../scripts/cards.ts';
import { FIXTURES } from '../blocks/fixtures/all.ts';

test('the page of all cards holds every fixture and needs nothing beside it', async () => {
  const page = await cardsPage();
  const [, data = ''] = /<script type="application\/json" id="fixtures">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(FIXTURES)));
  expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/);
  expect(page.match(/<\/script>/g)).toHaveLength(2);
});
