import { expect, test } from 'vitest';
import { emptyForm, withText } from '../../../src/page/model/form.ts';
import { labLinkOf, takeLabLink } from '../../../src/page/model/lab-link.ts';
import { formOfLink, linkOf } from '../../../src/page/model/link.ts';

const op = 'gather-matmul-forward M=100 N=72 K=3072 R=1, x shared';

test('a link to a kernel carries the net, the op and the products there and back', () => {
  const form = withText(emptyForm('base'), 'hidden', '70,30');
  const query = labLinkOf(form, { op, product: '128 × 256, 64' });
  const { lab, form: rest } = takeLabLink(query);
  expect(lab).toEqual({ op, product: '128,256,64' });
  expect(formOfLink(rest)).toEqual({ form: formOfLink(linkOf(form)).form, refused: [] });
});

test('without both keys, or with long ones, a link is a form alone', () => {
  expect(takeLabLink('v=1&e=adam&op=x').lab).toBeUndefined();
  expect(takeLabLink(`v=1&op=${'x'.repeat(300)}&product=1,2,3`).lab).toBeUndefined();
  expect(takeLabLink('v=1&op=%3Cscript%3E&product=1,2,3')).toEqual({
    lab: { op: '<script>', product: '1,2,3' },
    form: 'v=1',
  });
});
