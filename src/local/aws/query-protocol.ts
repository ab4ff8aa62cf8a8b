/** What {@link toXml} writes. A list becomes elements named `listItem`; undefined members are left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** The element `name` with the given content. */
export function toXml(name: string, value: XmlValue, options: { listItem: string; xmlns?: string }): string {
  if (value === undefined) return '';
  const { listItem, xmlns } = options;
  const inner = { listItem };
  const attributes = xmlns === undefined ? '' : ` xmlns="${xmlns}"`;
  return `<${name}${attributes}>${content(value, inner)}</${name}>`;
}

function content(value: Exclude<XmlValue, undefined>, options: { listItem: string }): string {
  if (isList(value)) return value.map((item) => toXml(options.listItem, item, options)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, member]) => toXml(name, member, options))
      .join('');
  }
  return escapeXml(String(value));
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The values of a list in a query request: `Name.1`, `Name.2`, … in the order of their numbers. */
export function listParameter(parameters: URLSearchParams, name: string): string[] {
  const numbered = new RegExp(`^${name.replaceAll('.', '\\.')}\\.(\\d+)$`);
  return [...parameters]
    .flatMap(([key, value]) => {
      const number = numbered.exec(key)?.[1];
      return number === undefined ? [] : [{ number: Number(number), value }];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ value }) => value);
}
