// Links to a kernel of the Kernels view: the settings of the net whose shapes it lists, the size of the products, and the op.
import type { Form } from './form.ts';
import { linkOf } from './link.ts';

/** What a link adds to a form's. */
export interface LabLink {
  /** Id of a group, such as `matmul-forward M=100 N=52 K=3072 R=1`; one that the net does not have selects nothing. */
  readonly op: string;
  /** M, N and K as the field has them. */
  readonly product: string;
}

/** Longer values are none. */
const mostCharacters = 200;

/** The query, without a question mark. */
export function labLinkOf(form: Form, { op, product }: LabLink): string {
  const own = new URLSearchParams({ op, product: product.replace(/[\s,x×]+/g, ',') });
  return `${linkOf(form)}&${own.toString().replaceAll('%2C', ',')}`;
}

/** The two keys of a query, and the query without them: a form's. */
export function takeLabLink(queryText: string): { readonly lab: LabLink | undefined; readonly form: string } {
  const query = new URLSearchParams(queryText);
  const [op, product] = [query.get('op'), query.get('product')];
  query.delete('op');
  query.delete('product');
  const isOne = op !== null && product !== null && op.length + product.length <= mostCharacters;
  return { lab: isOne ? { op, product } : undefined, form: query.toString() };
}
