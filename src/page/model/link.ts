// Links that carry settings: `#/train?v=1&e=adam&seeds=5&lambda=0.002`. Only what differs from the starting point; nothing starts by itself.
import { mostSteps } from '../../experiments/experiments.ts';
import { settingFields } from '../../experiments/setting-fields.ts';
import { InvalidValue, wholeNumber } from '../../experiments/setting-values.ts';
import {
  emptyForm,
  type Form,
  isChanged,
  mostSeeds,
  readForm,
  startingPoint,
  textOf,
  withText,
} from './form.ts';

const version = '1';
/** Longer values are no settings. */
const mostCharacters = 200;

/** The query of a form, without a question mark. */
export function linkOf(form: Form): string {
  const query = new URLSearchParams({ v: version, e: startingPoint(form.start).id });
  if (form.seeds.trim() !== '1') query.set('seeds', form.seeds.trim());
  if (form.steps.trim() !== '') query.set('steps', form.steps.trim());
  if (!form.shuffle) query.set('shuffle', 'no');
  for (const { option } of settingFields) {
    if (isChanged(form, option)) query.set(option, textOf(form, option).trim());
  }
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

/** A form from a link, and what of the link could not be used, in words. */
export function formOfLink(queryText: string): { readonly form: Form; readonly refused: readonly string[] } {
  const query = new URLSearchParams(queryText);
  const refused: string[] = [];
  const start = query.get('e') ?? 'base';
  if (startingPoint(start).id !== start) refused.push(`the experiment ${quoted(start)} is unknown`);
  let form = emptyForm(startingPoint(start).id);
  const seen = new Set<string>();
  for (const [key, value] of query) {
    if (key === 'e') continue;
    if (seen.has(key)) {
      refused.push(`${quoted(key)} stands in it twice`);
      continue;
    }
    seen.add(key);
    try {
      form = withKey(form, key, value, refused);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      refused.push(`${quoted(key)} ${error.message.replace(/, got .*/s, '')}, it is ${quoted(value)}`);
    }
  }
  return { form, refused };
}

function withKey(form: Form, key: string, value: string, refused: string[]): Form {
  if (value.length > mostCharacters) throw new InvalidValue(`must be at most ${mostCharacters} characters`);
  switch (key) {
    case 'v':
      if (value !== version) refused.push(`version ${quoted(value)} of links is unknown`);
      return form;
    case 'seeds': {
      const seeds = wholeNumber(1)(value);
      if (seeds <= mostSeeds) return { ...form, seeds: String(seeds) };
      refused.push(`seeds ${seeds}: the page trains ${mostSeeds} at most`);
      return { ...form, seeds: String(mostSeeds) };
    }
    case 'steps':
      return { ...form, steps: String(wholeNumber(1, mostSteps)(value)) };
    case 'shuffle':
      return { ...form, shuffle: value !== 'no' };
    default: {
      const field = settingFields.find(({ option }) => option === key);
      if (field === undefined) {
        refused.push(`${quoted(key)} is no setting`);
        return form;
      }
      // Parsed, then written as the page writes it.
      const settings = field.write(readForm(form).settings, value);
      return withText(form, field.option, field.read(settings));
    }
  }
}

const quoted = (text: string): string => `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
